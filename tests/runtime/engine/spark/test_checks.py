"""Checks of one table find the same on Spark: verdict, count, sample, row numbers, observed value."""

import dataclasses
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from mlopsc.runtime.checks import validate_table
from mlopsc.runtime.tables import to_arrow
from mlopsc.vocabulary.engine import SparkEngine
from tests.runtime.checks.test_great_expectations import configurations, frame
from tests.runtime.engine.spark.agreement import differences, write_table

pytestmark = pytest.mark.spark


def by_kind() -> dict[str, list[dict[str, Any]]]:
    """Return checks of the table that is compared with Great Expectations, and of kinds that are not compared there."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for check in configurations():
        found[check["expect"]].append(check)
    found["column_values_to_be_of_type"] += [
        {"column": "k", "type_": "int32"},
        {"column": "s", "type_": "bool"},
    ]
    found["column_values_to_be_in_type_list"] += [{"column": "k", "type_list": ["int64", "string"]}]
    for word in ("to_match", "to_not_match"):
        found[f"column_values_{word}_like_pattern"] += [{"column": "w", "like_pattern": "a_c"}]
        found[f"column_values_{word}_like_pattern_list"] += [
            {"column": "w", "like_pattern_list": ["a%", "%1%"]}
        ]
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    found["column_values_to_match_json_schema"] += [{"column": "w", "json_schema": schema, "mostly": 0.1}]
    found["unexpected_rows"] += [
        {"unexpected_rows_query": "select k, count(*) as n from {batch} group by k having count(*) > 3"},
        {"unexpected_rows_query": "select u, s from {batch} where regexp_matches(s, '^b+$')"},
    ]
    return {kind: [{**check, "expect": kind} for check in checks] for kind, checks in found.items()}


CHECKS = by_kind()


def results(path: Path, checks: list[dict[str, Any]], engine: SparkEngine | None, **more: Any) -> list[Any]:
    """Return the number of rows, and what each check finds."""
    report = validate_table(path, checks=checks, engine=engine, **more)
    return [[report.rows], *(list(dataclasses.asdict(result).items()) for result in report.results)]


@pytest.mark.parametrize("kind", CHECKS)
def test_a_check_finds_the_same(spark: SparkEngine, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(to_arrow(frame(200, 7)), path, write_statistics=False, coerce_timestamps="us")
    some = Random(kind).sample(CHECKS[kind], min(3, len(CHECKS[kind])))
    some += [
        {**check, "where": "p > 0"}
        for check in some
        if "row_condition" not in check and not kind.startswith(("table_col", "column_to_e"))
    ]
    assert differences(results(path, some, None), results(path, some, spark)) == []


def test_declared_columns_and_keys_find_the_same(spark: SparkEngine, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, seed=11)
    columns = {
        "u8": {"type": "int16", "min": 3, "max": 250},
        "u64": {"type": "uint64", "nullable": False},
        "s": {"type": "string", "pattern": "^[a-zé]", "allowed": ["a", "B", "é"]},
        "dt": {"type": "date", "min": "2020-01-05"},
        "ts": {"min": "2020-01-01T10:00:00+02:00"},
        "tm": {"max": "12:00"},
        "d": {"min": -3.25, "max": 7},
        "r": {"unique": True},
        "gone": {"nullable": False},
    }
    found = [
        results(path, [], engine, columns=columns, primary_key=key)
        for key in (("r",), ("k", "s"))
        for engine in (None, spark)
    ]
    assert differences(found[0], found[1]) == []
    assert differences(found[2], found[3]) == []


def test_an_empty_table_finds_the_same(spark: SparkEngine, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(to_arrow(frame(200, 7)).slice(0, 0), path, write_statistics=False, coerce_timestamps="us")
    some = [Random(kind).choice(checks) for kind, checks in list(CHECKS.items())[::4]]
    assert differences(results(path, some, None), results(path, some, spark)) == []
