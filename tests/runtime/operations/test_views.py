"""SQL views and user transforms: tables from tables."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from mlopsc.diagnostics.errors import MlopscError, StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import sql_view, transform
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.operations import SqlView, Transform

ROWS = pd.DataFrame({"k": ["b", "a", "b", None], "v": [1.5, 2.5, None, 4.0], "n": [1, 2, 3, 4]})


def view(tmp_path: Path, sql: str, threads: int = 2, **config):
    ROWS.to_parquet(tmp_path / "rows", index=False)
    operation = SqlView(view="v", sql=sql, tables=("rows",), **config)
    out = {"table": tmp_path / "out"}
    sql_view.run(operation, {"rows": tmp_path / "rows"}, out, Context(project=tmp_path, threads=threads))
    return pd.read_parquet(tmp_path / "out")


def test_a_view_comes_in_a_total_order_that_begins_as_asked(tmp_path):
    found = view(tmp_path, "select n, k from rows where n < 4 -- no comment breaks it", order=("k",))
    assert found["n"].tolist() == [2, 1, 3]


def test_aggregates_have_the_same_bytes_each_time(tmp_path):
    sql = "select k, avg(v) as m, count(*) as c from rows, range(50000) group by k"
    digests = set()
    for threads in (1, 2, 4):
        view(tmp_path, sql, threads)
        digests.add(digest_of_file(tmp_path / "out"))
    assert len(digests) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "drop table rows",
        "select * from rows; drop table rows",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select random() from rows",
        "copy rows to 'x.csv'",
    ],
)
def test_sql_that_reaches_out_is_refused(tmp_path, sql):
    with pytest.raises(MlopscError):
        view(tmp_path, sql)


CODE = """
def half(rows, factor=0.5):
    return rows.assign(h=rows["n"] * factor)[["k", "h"]]

def nothing(rows):
    return None

def mixed(rows):
    return rows.assign(h=[1, "a", 2, 3])[["k", "h"]]
"""


@pytest.fixture(autouse=True)
def _fresh_modules(monkeypatch):
    """A step's process has never imported another project's module."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "user_views", raising=False)


def transformed(tmp_path: Path, function: str, columns: dict[str, str], **args):
    (tmp_path / "user_views.py").write_text(CODE)
    ROWS.to_parquet(tmp_path / "rows", index=False)
    operation = Transform(
        view="v", python=f"user_views:{function}", tables=("rows",), columns=columns, args=args
    )
    transform.run(
        operation, {"rows": tmp_path / "rows"}, {"table": tmp_path / "out"}, Context(project=tmp_path)
    )
    return pd.read_parquet(tmp_path / "out")


def test_a_transform_gets_frames_and_arguments_and_keeps_its_order(tmp_path):
    found = transformed(tmp_path, "half", {"k": "string", "h": "float64"}, factor=2)
    assert found["h"].tolist() == [2.0, 4.0, 6.0, 8.0]
    assert found["k"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("function", "columns", "message"),
    [
        ("half", {"k": "string"}, "returned columns k, h, declared k"),
        ("half", {"k": "string", "h": "float64", "x": "bool"}, "returned columns k, h, declared k, h, x"),
        (
            "half",
            {"k": "timestamp", "h": "float64"},
            "column 'k' is string, and 3 of its values are no timestamp",
        ),
        ("half", {"k": "string", "h": "bool"}, "column 'h' is float64, declared bool"),
        ("nothing", {"k": "string"}, "returned no usable table: expected a pandas, polars or pyarrow table"),
        ("mixed", {"k": "string", "h": "string"}, "column 'h' holds values of several types: int, str"),
    ],
)
def test_a_result_that_is_not_as_declared_is_refused(tmp_path, function, columns, message):
    with pytest.raises(StepFailed, match=message):
        transformed(tmp_path, function, columns)
