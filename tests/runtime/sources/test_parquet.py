"""Parquet in many files: partitions in the names of folders, files that differ, and types that no table can hold."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.parquet import read_schema
from mlopsc.runtime.sources import bounds
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.peek import peek_schema
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import Source

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)


def _write(project: Path, name: str, **columns: Any) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), project / name)


def _load(project: Path, path: str, columns: dict[str, str] | None = None, **keys: Any) -> pa.Table:
    source = SOURCE.validate_python({"type": "parquet", "path": path, **keys})
    declared = {name: Column(type=kind) for name, kind in (columns or {}).items()}
    load_source(source, declared, project=project, out=project / "out")
    assert peek_schema(source, declared, project=project) == read_schema(project / "out")
    return pq.read_table(project / "out")


def test_folders_named_key_value_give_columns_in_the_order_of_paths(tmp_path: Path) -> None:
    _write(tmp_path, "d/day=2020-01-02/n=2/zip=007/f.parquet", v=[3])
    _write(tmp_path, "d/day=2020-01-01/n=10/zip=100/f.parquet", v=[1, 2])
    _write(tmp_path, "d/day=__HIVE_DEFAULT_PARTITION__/n=3/zip=a%2Fb/f.parquet", v=[4])
    table = _load(tmp_path, "d/**/*.parquet", hive_partitioning=True)
    assert table.to_pydict() == {
        "v": [1, 2, 3, 4],
        "day": [date(2020, 1, 1), date(2020, 1, 1), date(2020, 1, 2), None],
        "n": [10, 10, 2, 3],
        "zip": ["100", "100", "007", "a/b"],
    }
    declared = {"day": "timestamp", "n": "string", "zip": "string"}
    typed = _load(tmp_path, "d/**/*.parquet", declared, hive_partitioning=True)
    assert typed["n"].to_pylist() == ["10", "10", "2", "3"]
    assert typed["day"].to_pylist()[2] == datetime(2020, 1, 2, tzinfo=UTC)
    assert _load(tmp_path, "d/**/*.parquet").column_names == ["v"]
    with pytest.raises(MlopscError, match=r"f.parquet, row 1: column 'zip' holds 'a/b', expected int64"):
        _load(tmp_path, "d/**/*.parquet", {"zip": "int64"}, hive_partitioning=True)


def test_folders_above_the_project_are_no_partitions(tmp_path: Path) -> None:
    project = tmp_path / "run=3" / "project"
    _write(project, "d/k=1/f.parquet", v=[1])
    assert _load(project, "d/*/f.parquet", hive_partitioning=True).column_names == ["v", "k"]


def test_partitions_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, "a/k=1/f.parquet", v=[1])
    _write(tmp_path, "a/j=1/f.parquet", v=[1])
    _write(tmp_path, "b/v=1/f.parquet", v=[1])
    _write(tmp_path, "c.parquet", v=[1])
    for path, message in (
        ("a/*/*.parquet", r"a/k=1/f.parquet lies in folders of k, a/j=1/f.parquet in those of j"),
        ("b/*/*.parquet", r"column 'v' stands in the file and in the names of its folders"),
        ("c.parquet", r"c.parquet lies in no folder named key=value"),
    ):
        with pytest.raises(MlopscError, match=message):
            _load(tmp_path, path, hive_partitioning=True)


def test_files_that_differ_are_refused_by_file_and_column(tmp_path: Path) -> None:
    _write(tmp_path, "a1.parquet", x=[1], y=["a"])
    _write(tmp_path, "a2.parquet", x=[1])
    _write(tmp_path, "b1.parquet", x=[1])
    _write(tmp_path, "b2.parquet", x=[1], y=["a"])
    _write(tmp_path, "c1.parquet", x=[1])
    _write(tmp_path, "c2.parquet", x=[1.5])
    for path, message in (
        ("a?.parquet", "a2.parquet lacks column 'y', which a1.parquet has"),
        ("b?.parquet", "b2.parquet has a column 'y', which b1.parquet lacks"),
        ("c?.parquet", "c2.parquet: column 'x' is float64, in c1.parquet int64"),
    ):
        with pytest.raises(MlopscError, match=message):
            _load(tmp_path, path)
    assert _load(tmp_path, "a?.parquet", union_by_name=True).to_pydict() == {"x": [1, 1], "y": ["a", None]}
    assert _load(tmp_path, "b?.parquet", union_by_name=True).to_pydict() == {"x": [1, 1], "y": [None, "a"]}
    with pytest.raises(MlopscError, match=r"column 'x' is float64, in c1.parquet int64"):
        _load(tmp_path, "c?.parquet", union_by_name=True)


def test_the_order_of_columns_and_columns_of_nulls_alone_are_no_difference(tmp_path: Path) -> None:
    _write(tmp_path, "1.parquet", x=pa.nulls(2), y=["a", "b"])
    _write(tmp_path, "2.parquet", y=["c"], x=[7])
    assert _load(tmp_path, "?.parquet").to_pydict() == {"x": [None, None, 7], "y": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([timedelta(days=1), None]), "duration[us]"),
        (pa.array([Decimal("1.5")], pa.decimal256(50, 2)), "decimal256(50, 2)"),
        (pa.array([[timedelta(days=1)]]), "duration[us]"),
    ],
)
def test_what_no_table_can_hold_is_refused_by_name(tmp_path: Path, array: Any, kind: str) -> None:
    _write(tmp_path, "x.parquet", ok=pa.nulls(len(array)), d=array)
    with pytest.raises(MlopscError) as caught:
        _load(tmp_path, "x.parquet")
    assert str(caught.value) == f"x.parquet: column 'd' is {kind}, which a table cannot hold"


def test_each_type_has_its_meaning(tmp_path: Path) -> None:
    noon = datetime(2020, 7, 1, 12)  # noqa: DTZ001
    _write(
        tmp_path,
        "x.parquet",
        i=pa.array([1, None], pa.int64()),
        u=pa.array([2**64 - 1, None], pa.uint64()),
        f=pa.array([0.1, None], pa.float32()),
        h=pa.array([1.5, None], pa.float16()),
        d=pa.array([Decimal("0.10"), None], pa.decimal128(38, 2)),
        day=pa.array([date(2020, 2, 29), None]),
        t=pa.array([time(1, 2, 3, 4), None], pa.time64("ns")),
        naive=pa.array([noon, None], pa.timestamp("us")),
        aware=pa.array([noon, None], pa.timestamp("us", "America/New_York")),
        c=pa.array(["a", None]).dictionary_encode(),
        n=pa.nulls(2),
        l=pa.array([[{"k": 1}], None]),
        b=pa.array([b"\0", None]),
    )
    source = SOURCE.validate_python({"type": "parquet", "path": "x.parquet"})
    load_source(source, {}, project=tmp_path, out=tmp_path / "out", timezone="Europe/Berlin")
    row, nulls = pq.read_table(tmp_path / "out").to_pylist()
    assert set(nulls.values()) == {None}
    assert row["f"] == pa.scalar(0.1, pa.float32()).as_py()
    assert {name: value for name, value in row.items() if name != "f"} == {
        "i": 1, "u": 2**64 - 1, "h": 1.5, "d": Decimal("0.10"), "day": date(2020, 2, 29), "t": time(1, 2, 3, 4),
        "naive": datetime(2020, 7, 1, 10, tzinfo=UTC), "aware": noon.replace(tzinfo=UTC), "c": "a", "n": None,
        "l": [{"k": 1}], "b": b"\0",
    }  # fmt: skip
    assert read_schema(tmp_path / "out") == {
        "i": "int64", "u": "uint64", "f": "float32", "h": "float32", "d": "decimal(38,2)", "day": "date",
        "t": "time", "naive": "timestamp", "aware": "timestamp", "c": "string", "n": "string", "l": "nested",
        "b": "binary",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        (datetime(2020, 3, 29, 2, 30), datetime(2020, 3, 29, 1, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2020, 10, 25, 2, 30), datetime(2020, 10, 25, 1, 30, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_local_times_that_the_clocks_skip_or_repeat(
    tmp_path: Path, local: datetime, instant: datetime
) -> None:
    """A skipped one moves on by the hour; of a repeated one the later is meant."""
    _write(tmp_path, "x.parquet", t=[local])
    source = SOURCE.validate_python({"type": "parquet", "path": "x.parquet"})
    load_source(source, {}, project=tmp_path, out=tmp_path / "out", timezone="Europe/Berlin")
    assert pq.read_table(tmp_path / "out")["t"].to_pylist() == [instant]


def test_a_file_that_explodes_is_refused_by_its_footer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = pa.table({"x": ["0" * 1000] * 20_000})
    pq.write_table(zeros, tmp_path / "x.parquet", compression="zstd", use_dictionary=False)
    with pytest.raises(MlopscError, match="more than 8M bytes, the limit of what is unpacked"):
        _load(tmp_path, "x.parquet", limits={"unpacked": "8M"})
    monkeypatch.setattr(bounds, "_FLOOR", 1 << 20)
    with pytest.raises(MlopscError, match="more than 50 times its own size"):
        _load(tmp_path, "x.parquet", limits={"ratio": 50})


def test_files_and_columns_have_limits(tmp_path: Path) -> None:
    for number in range(3):
        _write(tmp_path, f"{number}.parquet", x=[1], y=[2])
    with pytest.raises(MlopscError, match=r"'\?.parquet' matches 3 files, more than 2"):
        _load(tmp_path, "?.parquet", limits={"files": 2})
    with pytest.raises(MlopscError, match=r"0.parquet has more than 1 columns"):
        _load(tmp_path, "?.parquet", limits={"columns": 1})


_INSTANTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001
_VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.float32(): st.floats(allow_nan=False, width=32),
    pa.string(): st.text(st.characters(blacklist_categories=("Cs",)), max_size=8),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(date(1, 1, 1)),
    pa.time64("us"): st.times(),
    pa.timestamp("us", "UTC"): _INSTANTS.map(lambda at: at.replace(tzinfo=UTC)),
    pa.decimal128(20, 4): st.decimals(-(10**15), 10**15, places=4),
    pa.binary(): st.binary(max_size=8),
    pa.list_(pa.int64()): st.lists(st.integers(-5, 5), max_size=3),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_values_come_through_unchanged(tmp_path: Path, data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 5))
    columns = {
        str(kind): pa.array(
            data.draw(st.lists(st.none() | values, min_size=rows, max_size=rows), label=str(kind)), kind
        )
        for kind, values in _VALUES.items()
    }
    _write(tmp_path, "x.parquet", **columns)
    assert _load(tmp_path, "x.parquet").to_pydict() == pa.table(columns).to_pydict()
