"""JSON lines: what Python writes is read back, whatever stands in it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mlopsc.runtime.sources.load import load_source
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import Source

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)
TYPES = {"t": "string", "i": "int64", "f": "float64", "b": "bool", "at": "timestamp"}
VALUES = {
    "t": st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    "i": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(allow_nan=False, allow_infinity=False),
    "b": st.booleans(),
    "at": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | kind for name, kind in VALUES.items()}), min_size=1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, plain=st.booleans(), without=st.sets(st.sampled_from(sorted(VALUES)), max_size=2))
def test_what_python_writes_is_read_back(
    tmp_path: Path, rows: list[dict[str, Any]], plain: bool, without: set[str]
) -> None:
    """A key that a line lacks is null there, and the order of keys in later lines says nothing."""
    lines = []
    for place, row in enumerate(rows):
        said = {name: value for name, value in row.items() if place == 0 or name not in without}
        said = dict(reversed(said.items())) if place % 2 else said
        lines.append(json.dumps(said, ensure_ascii=plain, default=datetime.isoformat) + "\n")
    (tmp_path / "x.jsonl").write_text("".join(lines), "utf-8")
    source = SOURCE.validate_python({"type": "jsonl", "path": "x.jsonl"})
    declared = {name: Column(type=kind) for name, kind in TYPES.items()}
    load_source(source, declared, project=tmp_path, out=tmp_path / "out")
    expected = [
        {name: None if place and name in without else value for name, value in row.items()}
        for place, row in enumerate(rows)
    ]
    assert pq.read_table(tmp_path / "out").to_pylist() == expected
