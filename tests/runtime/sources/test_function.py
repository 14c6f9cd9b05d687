"""Functions as sources: what they may return, in one piece or many, and what is refused by name."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.load import load_source
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import PythonSource

CODE = """\
import decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa

def frames(n, token=""):
    for start in range(0, n, 2):
        yield pd.DataFrame({"x": range(start, min(start + 2, n)), "token": [token] * min(2, n - start)})

def reader(n):
    batches = [pa.record_batch({"x": [i]}) for i in range(n)]
    return pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches)

def polars_tables(n):
    return iter([pl.DataFrame({"x": [i]}) for i in range(n)])

def widening(n):
    yield pd.DataFrame({"x": [1]})
    yield pd.DataFrame({"x": [1.5]})

def mixed(n):
    yield pd.DataFrame({"x": [1]})
    yield pd.DataFrame({"x": [1, "a"]}, dtype=object)

def whole_mixed(n):
    return pd.DataFrame({"x": [1, decimal.Decimal(2)]}, dtype=object)

def nothing(n):
    yield from ()

def numbers(n):
    return iter(range(n))

def tsv(n):
    Path(__file__).with_name("rows.tsv").write_text("x\\ty\\n1\\ta,b\\n")
    return "rows.tsv"

def fails(n):
    yield pd.DataFrame({"x": [1]})
    raise KeyError("of the user's own")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")  # one: a process has one module of a name
    (folder / "functions_of_sources.py").write_text(CODE)
    return folder


def loaded(
    project: Path, name: str, columns: dict[str, Column] | None = None, **args: object
) -> dict[str, list[object]]:
    source = PythonSource(python=f"functions_of_sources:{name}", args={"n": 5, **args})
    load_source(
        source, columns or {}, project=project, out=project / "out", secrets={"t": "s3cret"}.__getitem__
    )
    return pq.read_table(project / "out").to_pydict()


@pytest.mark.parametrize("name", ["frames", "reader", "polars_tables"])
def test_tables_are_read_one_after_the_other(name: str, project: Path) -> None:
    assert loaded(project, name)["x"] == [0, 1, 2, 3, 4]
    declared = {"x": Column(type="float32")}
    assert loaded(project, name, declared)["x"] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_secret_comes_as_an_argument(project: Path) -> None:
    assert set(loaded(project, "frames", token={"secret": "t"})["token"]) == {"s3cret"}


def test_a_path_is_relative_to_the_project_and_its_name_tells_the_format(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert loaded(project, "tsv") == {"x": [1], "y": ["a,b"]}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "widening",
            "table 2 of functions_of_sources:widening has other columns or types .*: x double after x int64",
        ),
        (
            "mixed",
            "table 2 of functions_of_sources:mixed is not usable: column 'x' holds values of several types: int, str",
        ),
        ("whole_mixed", "returned no usable table: column 'x' holds values of several types: Decimal, int"),
        ("nothing", "returned no table at all"),
        ("numbers", "table 1 of .* is not usable: expected a pandas, polars or pyarrow table"),
    ],
)
def test_what_is_no_table_is_refused_by_name(name: str, message: str, project: Path) -> None:
    with pytest.raises(MlopscError, match=message):
        loaded(project, name)


def test_arguments_that_a_function_does_not_take_are_told(project: Path) -> None:
    with pytest.raises(
        MlopscError, match=r"cannot be called with the `args` n, m: .*unexpected keyword"
    ) as caught:
        loaded(project, "reader", m=1)
    assert caught.value.help == "it takes (n)"


def test_what_a_function_raises_itself_passes_through(project: Path) -> None:
    with pytest.raises(KeyError, match="of the user's own"):
        loaded(project, "fails")
