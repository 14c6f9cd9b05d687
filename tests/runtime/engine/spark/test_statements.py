"""Statements of DuckDB's dialect give the same on Spark: rows, their order, types and names of columns."""

import re
from pathlib import Path
from typing import Any

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import connect
from mlopsc.vocabulary.engine import SparkEngine
from tests.runtime.engine.spark.agreement import differences, write_table

pytestmark = pytest.mark.spark

_BLOCK = re.compile(r"^-- (.+)\n((?:(?!--).*\n?)+)", re.MULTILINE)
_FILE = Path(__file__).with_name("statements.sql").read_text("utf-8")
STATEMENTS = {name: sql.strip().rstrip(";") for name, sql in _BLOCK.findall(_FILE) if sql.strip()}


def test_the_statements_are_there() -> None:
    assert len(STATEMENTS) > 25


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_gives_the_same(spark: SparkEngine, tmp_path: Path, name: str) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, seed=len(name))
    view = f"create view t as select * from read_parquet(['{path}'])"
    results = []
    for engine in (None, spark):
        with connect(path, engine=engine) as connection:
            connection.execute(view)
            kinds = connection.execute(f"describe {STATEMENTS[name]}").fetchall()
            found = connection.execute(STATEMENTS[name])
            names = [entry[0] for entry in found.description]
            results.append((found.fetchall(), names, kinds))
    assert differences(results[0][0], results[1][0]) == []
    assert results[0][1:] == results[1][1:]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("select string_agg(s, ',') from t", "string_agg|LISTAGG"),
        ("select mode(i) from t", "MODE"),
        ("select r from t limit 5", "LIMIT without ORDER BY"),
        ("select unnest(l) from t", "UNNEST"),
        ("select row_number() over () from t where b", "without ORDER BY"),
        ("select a.r from t a positional join t b", "positional join"),
        ("select * from range(3)", "python:"),
        ("select no_such(s) from t", "no_such"),
        ("select cast(s as int) from t", "Conversion Error: Could not convert string"),
        ("select big + big from t", "overflow"),
        ("selec 1", "syntax error"),
    ],
)
def test_what_spark_cannot_compute_is_an_error_that_says_so(
    spark: SparkEngine, tmp_path: Path, statement: str, message: str
) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, seed=1)
    with pytest.raises(MlopscError) as caught:
        _computed(path, spark, statement)
    assert re.search(message, f"{caught.value} {caught.value.help}")


def test_sums_of_floats_do_not_depend_on_the_order_of_rows(spark: SparkEngine, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, seed=3)
    queries = ("select sum(g) as x from t", "select sum(g) as x from (select g from t order by g desc)")
    assert len({_computed(path, spark, query)[0] for query in queries}) == 1


def test_files_of_others_are_out_of_reach(spark: SparkEngine, tmp_path: Path) -> None:
    mine, other = tmp_path / "t.parquet", tmp_path / "other.parquet"
    for path in (mine, other):
        write_table(path, seed=1, rows=3)
    with pytest.raises(MlopscError, match="Permission"):
        _computed(mine, spark, f"select * from read_parquet(['{other}'])")


def _computed(path: Path, engine: SparkEngine, statement: str) -> list[tuple[Any, ...]]:
    with connect(path, engine=engine) as connection:
        connection.execute(f"create view t as select * from read_parquet(['{path}'])")
        return connection.execute(statement).fetchall()
