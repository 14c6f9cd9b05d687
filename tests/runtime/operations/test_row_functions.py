"""Functions of rows: features of each row by itself, in training and prediction, whatever the batches."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import canonical, describe
from mlopsc.runtime.engine.statement import text
from mlopsc.runtime.operations import features
from mlopsc.runtime.returned import as_declared, typed
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import Join, RowFunction

CODE = """
import pandas


def ratio(table, scale=1):
    return pandas.DataFrame({"ratio": scale * table["a"] / table["v"], "word": table["k"].str.upper()})


def twice(table):
    return pandas.DataFrame({"twice": table["ratio"] * 2})


def centred(table):
    return pandas.DataFrame({"twice": table["a"] - table["a"].mean()})


def fewer(table):
    return pandas.DataFrame({"twice": table["a"][1:]})


def texts(table):
    return pandas.DataFrame({"twice": table["k"]})
"""
RATIO = RowFunction(
    view="ratio", python="rows:ratio", inputs=("a", "v", "k"), columns={"ratio": "float64", "word": "string"}
)
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rows", raising=False)


def made(folder: Path, rows: tuple[RowFunction, ...], names: tuple[str, ...], count: int = 3) -> pd.DataFrame:
    (folder / "rows.py").write_text(CODE)
    times = [START + timedelta(hours=n) for n in range(count + 1)]
    table = pd.DataFrame({"k": "x", "a": [float(n) for n in range(count + 1)], "t": times})
    table.iloc[:count].to_parquet(folder / "entities")
    pd.DataFrame({"k": ["x"], "u": [START], "v": [4.0]}).to_parquet(folder / "view")
    join = Join(view="view", entity={"k": "k"}, feature_time="u", columns=("v",))
    step = Features(training="t", event_time="t", label="a", features=names, joins=(join,), rows=rows)
    inputs = {port: folder / port for port in step.input_ports()}
    features.run(step, inputs, {"table": folder / "out"}, Context(project=folder))
    return pd.read_parquet(folder / "out")


def test_they_get_joined_columns_and_those_of_functions_before(tmp_path: Path) -> None:
    twice = RowFunction(view="twice", python="rows:twice", inputs=("ratio",), columns={"twice": "float64"})
    scaled = RATIO.model_copy(update={"args": {"scale": 10}})
    table = made(tmp_path, (scaled, twice), ("twice", "a", "word"))
    assert list(table) == ["__row__", "__time__", "twice", "a", "word", "__label__"]
    assert table["twice"].tolist() == [0.0, 5.0, 10.0]
    assert table["word"].tolist() == ["X"] * 3


def test_an_empty_table_has_their_columns(tmp_path: Path) -> None:
    table = made(tmp_path, (RATIO,), ("ratio", "word"), count=0)
    assert (len(table), str(table["ratio"].dtype)) == (0, "float64")


def test_many_batches_are_one_table(tmp_path: Path) -> None:
    table = made(tmp_path, (RATIO,), ("ratio",), count=150_000)
    assert table["ratio"].tolist() == [n / 4 for n in range(150_000)]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("centred", "rows:centred does not answer each row by itself"),
        ("fewer", "rows:fewer returned 2 rows for 3"),
        ("texts", "rows:texts: column 'twice' is string, and 3 of its values are no float64 as declared"),
        ("ratio", "rows:ratio returned columns ratio, word, declared twice"),
    ],
)
def test_what_is_not_as_declared_is_refused(tmp_path: Path, function: str, message: str) -> None:
    one = RowFunction(
        view="f", python=f"rows:{function}", inputs=("a", "k", "v"), columns={"twice": "float64"}
    )
    with pytest.raises(StepFailed) as caught:
        made(tmp_path, (one,), ("twice",))
    assert message in str(caught.value)


KINDS = {
    "int32": pa.int32(), "int64": pa.int64(), "uint64": pa.uint64(), "float64": pa.float64(), "bool": pa.bool_(),
    "large": pa.large_string(), "string": pa.string(), "date": pa.date32(), "naive": pa.timestamp("ns"),
    "seconds": pa.timestamp("s", tz="Europe/Berlin"), "micros": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
WANTED = (
    "int8",
    "int64",
    "uint32",
    "float32",
    "float64",
    "bool",
    "string",
    "date",
    "timestamp",
    "decimal(9,2)",
)


@given(st.data(), st.sampled_from(sorted(KINDS)), st.sampled_from(WANTED))
@settings(deadline=None, max_examples=200)
def test_arrow_s_short_way_is_the_engine_s(data: st.DataObject, have: str, wanted: str) -> None:
    kind = KINDS[have]
    times = pa.types.is_timestamp(kind)
    numbers = st.integers(-(2**62) if times else -(2**31), 2**62 if times else 2**31 - 1)
    numbers = st.integers(0, 2**64 - 1) if have == "uint64" else numbers
    values = {
        "float64": st.floats(), "bool": st.booleans(), "large": st.text(), "string": st.text(),
        "date": st.integers(-9999, 9999), "int64": st.integers(-(2**63), 2**63 - 1),
        "seconds": st.integers(-(10**9), 10**9), "micros": st.integers(-(10**15), 10**15),
    }.get(have, numbers)  # fmt: skip
    drawn = data.draw(st.lists(st.none() | values, max_size=4))
    plain = pa.array(drawn, pa.int64() if times else pa.int32() if have == "date" else kind)
    table = pa.table({"x": plain.cast(kind)})
    short = as_declared(table, {"x": wanted})
    if short is None:
        return
    with connect(threads=1) as connection:
        query = typed(connection, table, "m:f", {"x": wanted})
        long = connection.sql(text(canonical(query, describe(connection, query)))).to_arrow_table()
    assert (short.schema, repr(short.to_pylist())) == (long.schema, repr(long.to_pylist()))
