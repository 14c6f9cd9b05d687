"""Functions of rows: features of each row by itself, in training and prediction, whatever the batches."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import features
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
