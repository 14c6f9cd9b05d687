"""Checks mean what Great Expectations' do, on any kind of table."""

import json
import math
import statistics
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.checks import CheckResult, validate_table

TABLE = pa.table(
    {
        "i": [1, 2, 2, None],
        "f": [1.0, float("nan"), None, -3.5],
        "s": ["a", "bb", "ccc", None],
        "t": [datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2, 3)] + [None],
        "d": [date(2020, 1, 1), None, None, None],
        "b": [True, False, True, None],
        "none": pa.array([None] * 4, pa.int64()),
    }
)


def _one(table: Any, name: str, **arguments: Any) -> CheckResult:
    (result,) = validate_table(table, checks=[{"expect": name, **arguments}]).results
    return result


@pytest.mark.parametrize(
    ("check", "passed", "unexpected", "sample"),
    [
        ({"expect": "column_values_to_not_be_null", "column": "i"}, False, 1, [None]),
        ({"expect": "column_values_to_not_be_null", "column": "i", "mostly": 0.75}, True, 1, [None]),
        ({"expect": "column_values_to_not_be_null", "column": "f"}, False, 2, [None, None]),
        ({"expect": "column_values_to_be_null", "column": "d", "mostly": 0.75}, True, 1, [date(2020, 1, 1)]),
        (
            {"expect": "column_values_to_be_between", "column": "i", "min_value": 1, "max_value": 2},
            True,
            0,
            [],
        ),
        (
            {"expect": "column_values_to_be_between", "column": "i", "min_value": 1, "strict_min": True},
            False,
            1,
            [1],
        ),
        ({"expect": "column_values_to_be_between", "column": "f", "min_value": -3.5}, True, 0, []),
        ({"expect": "column_values_to_be_between", "column": "i", "max_value": 1.5}, False, 2, [2, 2]),
        ({"expect": "column_values_to_be_between", "column": "s", "max_value": "bb"}, False, 1, ["ccc"]),
        (
            {
                "expect": "column_values_to_be_between",
                "column": "t",
                "min_value": "2020-01-02T01:00:00+01:00",
            },
            False,
            1,
            [datetime(2020, 1, 1, tzinfo=UTC)],
        ),
        (
            {"expect": "column_values_to_be_between", "column": "d", "max_value": "2019-12-31"},
            False,
            1,
            [date(2020, 1, 1)],
        ),
        ({"expect": "column_values_to_be_between", "column": "none", "min_value": 5}, True, 0, []),
        (
            {"expect": "column_values_to_be_in_set", "column": "s", "value_set": ["a", "bb"]},
            False,
            1,
            ["ccc"],
        ),
        ({"expect": "column_values_to_be_in_set", "column": "i", "value_set": [1, 2.0]}, True, 0, []),
        ({"expect": "column_values_to_be_in_set", "column": "b", "value_set": [True]}, False, 1, [False]),
        ({"expect": "column_values_to_not_be_in_set", "column": "i", "value_set": [2]}, False, 2, [2, 2]),
        ({"expect": "column_values_to_be_unique", "column": "i"}, False, 2, [2, 2]),
        ({"expect": "column_values_to_be_unique", "column": "i", "mostly": 0.3}, True, 2, [2, 2]),
        ({"expect": "column_values_to_be_unique", "column": "f"}, True, 0, []),
        ({"expect": "column_values_to_match_regex", "column": "s", "regex": "b|c"}, False, 1, ["a"]),
        ({"expect": "column_values_to_match_regex", "column": "i", "regex": "^[12]$"}, True, 0, []),
        ({"expect": "column_values_to_not_match_regex", "column": "s", "regex": "^b"}, False, 1, ["bb"]),
        ({"expect": "column_value_lengths_to_be_between", "column": "s", "max_value": 2}, False, 1, ["ccc"]),
        ({"expect": "column_values_to_be_of_type", "column": "i", "type_": "int64"}, True, 0, []),
        ({"expect": "column_values_to_be_of_type", "column": "i", "type_": "int8"}, True, 0, []),
        ({"expect": "column_values_to_be_of_type", "column": "f", "type_": "int64"}, False, 1, [-3.5]),
        (
            {"expect": "column_values_to_be_of_type", "column": "d", "type_": "string"},
            False,
            1,
            [date(2020, 1, 1)],
        ),
        (
            {"expect": "column_pair_values_a_to_be_greater_than_b", "column_A": "i", "column_B": "f"},
            False,
            4,
            [(1, 1.0), (2, None), (2, None), (None, -3.5)],
        ),
        (
            {
                "expect": "column_pair_values_a_to_be_greater_than_b",
                "column_A": "i",
                "column_B": "f",
                "or_equal": True,
                "ignore_row_if": "either_value_is_missing",
            },
            True,
            0,
            [],
        ),
        (
            {"expect": "compound_columns_to_be_unique", "column_list": ["i", "d"]},
            False,
            2,
            [{"i": 2, "d": None}] * 2,
        ),
        (
            {
                "expect": "compound_columns_to_be_unique",
                "column_list": ["i", "d"],
                "ignore_row_if": "any_value_is_missing",
            },
            True,
            0,
            [],
        ),
        (
            {"expect": "unexpected_rows", "unexpected_rows_query": "select i from {batch} where i > 1"},
            False,
            2,
            [{"i": 2}] * 2,
        ),
    ],
)
def test_checks_of_values(check: dict[str, Any], passed: bool, unexpected: int, sample: list[Any]) -> None:
    (result,) = validate_table(TABLE, checks=[check]).results
    assert (result.passed, result.unexpected_count, list(result.unexpected_sample)) == (
        passed,
        unexpected,
        sample,
    )


@pytest.mark.parametrize(
    ("check", "observed", "passed"),
    [
        ({"expect": "table_row_count_to_be_between", "min_value": 5}, 4, False),
        ({"expect": "table_row_count_to_equal", "value": 4}, 4, True),
        ({"expect": "column_mean_to_be_between", "column": "f", "max_value": -1.25}, -1.25, True),
        ({"expect": "column_mean_to_be_between", "column": "none", "min_value": 0}, None, False),
        (
            {"expect": "column_median_to_be_between", "column": "f", "min_value": -1.25, "strict_min": True},
            -1.25,
            False,
        ),
        (
            {"expect": "column_stdev_to_be_between", "column": "i", "max_value": 1},
            statistics.stdev([1, 2, 2]),
            True,
        ),
        ({"expect": "column_stdev_to_be_between", "column": "none", "max_value": 1}, None, False),
        ({"expect": "column_sum_to_be_between", "column": "i", "min_value": 5}, 5, True),
        ({"expect": "column_sum_to_be_between", "column": "none", "min_value": 0}, 0, True),
        (
            {"expect": "column_min_to_be_between", "column": "d", "min_value": "2020-01-01"},
            date(2020, 1, 1),
            True,
        ),
        ({"expect": "column_max_to_be_between", "column": "s", "max_value": "bb"}, "ccc", False),
        ({"expect": "column_unique_value_count_to_be_between", "column": "i", "max_value": 2}, 2, True),
        ({"expect": "column_to_exist", "column": "s", "column_index": 1}, 2, False),
        (
            {"expect": "table_columns_to_match_set", "column_set": ["i", "f"], "exact_match": False},
            list(TABLE.column_names),
            True,
        ),
        (
            {"expect": "table_columns_to_match_set", "column_set": ["i", "zz"]},
            list(TABLE.column_names),
            False,
        ),
    ],
)
def test_aggregates(check: dict[str, Any], observed: Any, passed: bool) -> None:
    (result,) = validate_table(TABLE, checks=[check]).results
    assert result.observed == observed
    assert result.passed is passed


def test_every_kind_of_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, None, 3.0], "k": pd.Categorical(["a", "b", "a"])}, index=[5, 5, 6])
    frame.to_parquet(tmp_path / "x.parquet", index=False)
    frame.to_csv(tmp_path / "x.csv", index=False)
    tables = [frame, pl.from_pandas(frame), pl.from_pandas(frame).lazy(), pa.Table.from_pandas(frame)]
    for table in [*tables, tmp_path / "x.parquet", str(tmp_path / "x.csv")]:
        report = validate_table(
            table,
            columns={"x": {"nullable": False, "max": 2}, "k": {"type": "string", "allowed": ["a"]}},
            primary_key=["k"],
        )
        assert [(r.check, r.passed, list(r.unexpected_sample)) for r in report.results] == [
            ("column_values_to_not_be_null", False, [None]),
            ("column_values_to_be_between", False, [3.0]),
            ("column_values_to_be_of_type", True, []),
            ("column_values_to_be_in_set", False, ["b"]),
            ("column_values_to_not_be_null", True, []),
            ("column_values_to_be_unique", False, ["a", "a"]),
        ]


def test_unexpected_rows_are_counted_from_one(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t")
    checks = [
        {"expect": "column_values_to_be_between", "column": "i", "min_value": 2},
        {"expect": "column_values_to_not_be_null", "column": "f"},
        {"expect": "column_values_to_be_unique", "column": "i"},
        {"expect": "compound_columns_to_be_unique", "column_list": ["i", "none"]},
        {"expect": "column_mean_to_be_between", "column": "i", "max_value": 0},
    ]
    for form in (TABLE, tmp_path / "t"):
        rows = [result.unexpected_rows for result in validate_table(form, checks=checks).results]
        assert rows == [(1,), (2, 3), (2, 3), (2, 3), ()]


def test_instants_with_nanoseconds_compare_with_others(tmp_path: Path) -> None:
    table = pa.table({"t": TABLE.column("t").cast(pa.timestamp("ns", "UTC"))})
    pq.write_table(table, tmp_path / "t")
    bound = {"column": "t", "max_value": "2020-01-02T00:00:00Z"}
    for form in (table, tmp_path / "t", table.to_pandas()):
        result = _one(form, "column_values_to_be_between", **bound)
        assert result.unexpected_sample == (datetime(2020, 1, 3, tzinfo=UTC),)


def test_on_failure_decides_the_report() -> None:
    check = {"expect": "table_row_count_to_equal", "value": 1}
    assert not validate_table(TABLE, checks=[check]).passed
    assert validate_table(TABLE, checks=[{**check, "on_failure": "warn"}]).passed


def test_an_empty_table_passes_checks_of_values_only() -> None:
    empty = TABLE.slice(0, 0)
    assert _one(empty, "column_values_to_not_be_null", column="i").passed
    assert _one(empty, "column_values_to_be_unique", column="i").passed
    assert not _one(empty, "column_mean_to_be_between", column="i", min_value=0).passed
    assert not _one(empty, "column_max_to_be_between", column="i", min_value=0).passed


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({"expect": "column_values_to_be_nul", "column": "i"}, "unknown check 'column_values_to_be_nul'"),
        ({"column": "i"}, r"checks\[0\] has no `expect`"),
        ({"expect": "column_values_to_be_null"}, "column: Field required"),
        ({"expect": "column_values_to_be_null", "column": "i", "most": 1}, "most: Extra inputs"),
        (
            {"expect": "column_values_to_be_null", "column": "i", "mostly": 1.5},
            "mostly: Input should be less",
        ),
        ({"expect": "column_values_to_be_between", "column": "i"}, "needs `min_value`, `max_value` or both"),
        ({"expect": "column_values_to_match_regex", "column": "s", "regex": "(?=a)"}, "linear time"),
        (
            {"expect": "column_values_to_match_regex", "column": "s", "regex": "(a"},
            "cannot be measured: .*missing \\)",
        ),
        (
            {"expect": "unexpected_rows", "unexpected_rows_query": "select zz from {batch}"},
            "unexpected_rows: .*zz",
        ),
        ({"expect": "unexpected_rows", "unexpected_rows_query": "drop table {batch}"}, "unexpected_rows: "),
        (
            {"expect": "unexpected_rows", "unexpected_rows_query": "select * from {batch}, other"},
            "unexpected_rows: ",
        ),
    ],
)
def test_malformed_checks(check: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        validate_table(TABLE, checks=[check])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"checks": ["column_values_to_be_null"]},
            r"checks\[0\] is 'column_values_to_be_null', expected a map",
        ),
        ({"checks": [None]}, r"checks\[0\] is None, expected a map"),
        ({"checks": {"expect": "x"}}, "`checks` is .*, expected a list"),
        ({"checks": None}, "`checks` is None, expected a list"),
        ({"columns": ["i"]}, "`columns` is .*, expected a map"),
        ({"columns": {"i": 5}}, "column 'i': Input should be"),
    ],
)
def test_what_is_no_check_or_declaration_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        validate_table(TABLE, **arguments)


def test_names_may_be_great_expectations_own() -> None:
    result = _one(TABLE, "expect_column_to_exist", column="i")
    assert (result.check, result.passed) == ("column_to_exist", True)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({"expect": "column_values_to_be_null", "column": "nome"}, "no column 'nome'; did you mean 'none'?"),
        (
            {"expect": "column_mean_to_be_between", "column": "s", "max_value": 1},
            "the column is string, expected numbers",
        ),
        (
            {"expect": "column_values_to_be_between", "column": "s", "max_value": 1},
            "the column is string, which cannot be compared with 1",
        ),
        (
            {"expect": "column_values_to_be_in_set", "column": "i", "value_set": ["1"]},
            "the column is int64, and `value_set` holds '1'",
        ),
    ],
)
def test_data_that_a_check_cannot_judge_fail_it(check: dict[str, Any], message: str) -> None:
    (result,) = validate_table(TABLE, checks=[check]).results
    assert not result.passed
    assert result.message == message


def test_a_declared_column_that_is_absent_fails_once() -> None:
    report = validate_table(TABLE, columns={"zz": {"type": "int64", "nullable": False}})
    assert [(r.check, r.column, r.passed) for r in report.results] == [("column_to_exist", "zz", False)]


def test_objects_of_several_types_are_not_coerced() -> None:
    frame = pd.DataFrame({"x": [5, "5", True, None, 2.5], "n": range(5)})
    assert not validate_table(frame, columns={"x": {"type": "string"}}).passed
    result = _one(frame, "column_values_to_be_in_set", column="x", value_set=["5"])
    assert (result.unexpected_count, result.unexpected_sample) == (3, (5, True, 2.5))
    result = _one(frame, "column_values_to_be_between", column="x", min_value=3)
    assert result.unexpected_sample == ("5", True, 2.5)
    assert _one(frame, "column_values_to_be_unique", column="x").passed
    assert _one(frame, "column_values_to_match_regex", column="x", regex="5|T").passed
    assert not _one(frame, "column_mean_to_be_between", column="x", min_value=0).passed
    assert _one(frame, "column_mean_to_be_between", column="n", min_value=0).passed


def test_a_hostile_regex_takes_linear_time() -> None:
    frame = pl.DataFrame({"s": ["a" * 5000 + "!"]})
    assert not _one(frame, "column_values_to_match_regex", column="s", regex="^(a|aa)+$").passed


def test_the_report_does_not_depend_on_threads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=500_000) * 10.0 ** rng.integers(-8, 9, size=500_000)
    pq.write_table(pa.table({"x": x}), tmp_path / "x", row_group_size=10_000)
    checks = [
        {"expect": f"column_{what}_to_be_between", "column": "x", "min_value": 0}
        for what in ("mean", "sum", "stdev", "median", "min", "max")
    ] + [{"expect": "column_values_to_be_between", "column": "x", "min_value": 1e7}]
    documents = {
        json.dumps(validate_table(tmp_path / "x", checks=checks, threads=threads).document(), allow_nan=False)
        for threads in (1, 2, 4)
    }
    assert len(documents) == 1
    sums = json.loads(documents.pop())["results"]
    assert sums[1]["observed"] == pytest.approx(math.fsum(x), rel=1e-15)
    assert sums[2]["observed"] == pytest.approx(np.std(x, ddof=1), rel=1e-12)


_floats = st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(max_examples=50, deadline=None)
@given(st.lists(_floats, min_size=1, max_size=6))
def test_a_sum_is_correctly_rounded_whatever_its_size(values: list[float]) -> None:
    total = _one(pl.DataFrame({"x": values}), "column_sum_to_be_between", column="x", min_value=0).observed
    exact = sum(map(Fraction, values), Fraction())
    lost = Fraction(max(map(abs, values))) / 2**60 + Fraction(5e-324)
    try:
        assert float(exact - lost) <= total <= float(exact + lost)
    except OverflowError:
        return


def test_infinite_values_are_reported_as_text() -> None:
    report = validate_table(
        pl.DataFrame({"x": [1.0, math.inf]}),
        checks=[{"expect": "column_mean_to_be_between", "column": "x", "max_value": 5}],
    )
    assert not report.passed
    assert report.document()["results"][0]["observed"] == "Infinity"


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(-3, 3)), max_size=8),
    low=st.integers(-3, 3),
    strict=st.booleans(),
    mostly=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_values_between_equal_brute_force(
    values: list[int | None], low: int, strict: bool, mostly: float
) -> None:
    result = _one(
        pl.DataFrame({"x": values}, schema={"x": pl.Int64}),
        "column_values_to_be_between",
        column="x",
        min_value=low,
        strict_min=strict,
        mostly=mostly,
    )
    there = [value for value in values if value is not None]
    bad = [value for value in there if not (value > low if strict else value >= low)]
    assert list(result.unexpected_sample) == bad
    assert result.passed == (not there or (len(there) - len(bad)) / len(there) >= mostly)


@pytest.mark.parametrize(
    ("values", "stdev"),
    [([1e200, -1e200], math.inf), ([1e-300, 3e-300], 0.0), ([1e9, 1e9 + 1, 1e9 + 2], 1.0), ([5.0], None)],
)
def test_deviations_of_extreme_values(values: list[float], stdev: float | None) -> None:
    frame = pl.DataFrame({"x": values})
    found = _one(frame, "column_stdev_to_be_between", column="x", min_value=0).observed
    assert found == (None if stdev is None else pytest.approx(stdev, rel=1e-12, abs=1e-300))
