# ruff: noqa: DTZ007 - a text is read as a time, whatever its zone
"""Every kind of check means what a few lines of plain Python mean: nulls, NaN, ties, no rows, `mostly`, `where`."""

import itertools
import json
import math
import re
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc.runtime.checks import CheckResult, validate_table
from mlopsc.runtime.checks.measures.text import like_as_regex
from mlopsc.vocabulary.checks import CHECK_NAMES

Row = dict[str, Any]
Verdict = tuple[bool, int | None]
Oracle = Callable[[list[Row]], Verdict]

SCHEMA = pa.schema(
    {
        "i": pa.int64(),
        "f": pa.float64(),
        "s": pa.string(),
        "w": pa.string(),
        "a": pa.int64(),
        "b": pa.int64(),
        "c": pa.int64(),
    }
)
TEXTS = [
    "",
    "a",
    "ab",
    "ABC",
    "a%b",
    "a_b",
    "ß",
    "a\nb",
    "2020-01-31",
    "2020-1-3",
    "2020-02-31",
    "May",
    "{}",
    "[1,]",
    '{"a": 1}',
]
rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.one_of(st.none(), st.integers(-3, 3)),
            "f": st.one_of(
                st.none(), st.just(math.nan), st.sampled_from([-1.5, -0.5, 0.0, 0.25, 2.0, 1e300, 5e-324])
            ),
            "s": st.one_of(st.none(), st.sampled_from(["", "a", "ab", "ABC", "b"])),
            "w": st.one_of(st.none(), st.sampled_from(TEXTS)),
            "a": st.one_of(st.none(), st.integers(0, 2)),
            "b": st.one_of(st.none(), st.integers(0, 2)),
            "c": st.one_of(st.none(), st.integers(0, 2)),
        }
    ),
    max_size=9,
)


def _there(rows: list[Row], column: str) -> list[Any]:
    values = [row[column] for row in rows]
    return [value for value in values if value is not None and value == value]


def share(total: int, bad: int, mostly: float) -> Verdict:
    return (total == 0 or (total - bad) / total >= mostly), bad


def values(column: str, good: Callable[[Any], bool], mostly: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        there = _there(rows, column)
        return share(len(there), sum(not good(value) for value in there), mostly)

    return judge


def whole(good: Callable[[list[Row]], bool]) -> Oracle:
    return lambda rows: (good(rows), None)


def figure(column: str, compute: Callable[[list[Any]], Any], good: Callable[[Any], bool]) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        found = compute(_there(rows, column))
        return found is not None and found == found and good(found), None

    return judge


def listed(columns: list[str], ignore: str, good: Callable[[tuple[Any, ...]], bool], mostly: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        kept = counted(rows, columns, ignore)
        return share(len(kept), sum(not good(row) for row in kept), mostly)

    return judge


def counted(rows: list[Row], columns: list[str], ignore: str) -> list[tuple[Any, ...]]:
    tuples = [tuple(row[column] for column in columns) for row in rows]
    if ignore.startswith(("all_", "both_")):
        return [row for row in tuples if any(value is not None for value in row)]
    if ignore.startswith(("any_", "either_")):
        return [row for row in tuples if None not in row]
    return tuples


def compound(columns: list[str], ignore: str, mostly: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        kept = counted(rows, columns, ignore)
        often = Counter(kept)
        return share(len(kept), sum(often[row] > 1 for row in kept), mostly)

    return judge


def unique(column: str, mostly: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        there = _there(rows, column)
        often = Counter(there)
        return share(len(there), sum(often[value] > 1 for value in there), mostly)

    return judge


def neighbours(column: str, good: Callable[[Any, Any], bool], mostly: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        there = _there(rows, column)
        bad = sum(not good(before, value) for before, value in itertools.pairwise(there))
        return share(len(there), bad, mostly)

    return judge


def far(column: str, good: Callable[[Any, list[Any]], bool], mostly: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        there = _there(rows, column)
        return share(len(there), sum(not good(value, there) for value in there), mostly)

    return judge


def _under(value: Any, all_of: list[Any], threshold: float, both: bool) -> bool:
    spread = statistics.stdev(all_of) if len(all_of) > 1 else 0.0
    if not spread:
        return True
    score = (value - statistics.fmean(all_of)) / spread
    return (abs(score) if both else score) < threshold


def _inside(value: Any, all_of: list[Any], method: str, multiplier: float) -> bool:
    if method == "iqr":
        low, high = np.quantile(np.array(all_of, float), [0.25, 0.75])
        return bool(low - multiplier * (high - low) <= value <= high + multiplier * (high - low))
    if len(all_of) < 2:
        return True
    mean, reach = statistics.fmean(all_of), multiplier * statistics.stdev(all_of)
    return abs(value - mean) < reach if reach > 0 else value == mean


def distinct(column: str, good: Callable[[set[Any]], bool], extra: set[Any] | None) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        found = set(_there(rows, column))
        return good(found), None if extra is None else len(found - extra)

    return judge


def commonest(column: str, members: set[Any], ties: bool) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        often = Counter(_there(rows, column))
        top = {value for value, n in often.items() if n == max(often.values())}
        return bool(top & members) if ties else len(top) == 1 and top <= members, None

    return judge


def divergence(column: str, expected: dict[Any, float], holdout: float, threshold: float) -> Oracle:
    def judge(rows: list[Row]) -> Verdict:
        often = Counter(_there(rows, column))
        strange = [value for value in often if value not in expected]
        weights = {value: weight * (1 - holdout if strange else 1) for value, weight in expected.items()}
        weights |= {value: holdout / len(strange) for value in strange}
        count, mass = sum(often.values()), sum(weights.values())
        if not count or any(not weights[value] for value in often):
            return False, None
        entropy = sum(n / count * math.log(n / count / (weights[value] / mass)) for value, n in often.items())
        return entropy <= threshold, None

    return judge


def _reads(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def good(text: str) -> bool:
        try:
            read(text)
        except (ValueError, OverflowError):
            return False
        return True

    return good


def _described(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("a") == 1


def _quantiles(found: list[Any]) -> list[float] | None:
    if not found:
        return None
    return [float(value) for value in np.quantile(np.array(found, float), [0.1, 0.5, 0.8], method="nearest")]


def cases() -> list[tuple[Row, Oracle]]:
    """Return checks, each with what it means."""
    from dateutil.parser import parse

    found: list[tuple[Row, Oracle]] = []

    def add(name: str, words: Row, oracle: Oracle) -> None:
        found.append(({"expect": name, **words}, oracle))

    add(
        "table_row_count_to_be_between",
        {"min_value": 2, "max_value": 5, "strict_max": True},
        whole(lambda r: 2 <= len(r) < 5),
    )
    add("table_row_count_to_equal", {"value": 3}, whole(lambda r: len(r) == 3))
    add("table_row_count_to_equal_other_table", {"other_table_name": "two"}, whole(lambda r: len(r) == 2))
    for mostly in (1.0, 0.5):
        m = {"mostly": mostly}
        for column in ("i", "f", "s"):
            nulls = lambda r, c=column: len(r) - len(_there(r, c))  # noqa: E731
            add(
                "column_values_to_not_be_null",
                {"column": column, **m},
                lambda r, n=nulls, x=mostly: share(len(r), n(r), x),
            )
            add(
                "column_values_to_be_null",
                {"column": column, **m},
                lambda r, n=nulls, x=mostly: share(len(r), len(r) - n(r), x),
            )
            add("column_values_to_be_unique", {"column": column, **m}, unique(column, mostly))
            for strictly in (True, False):
                up = (lambda p, v: p < v) if strictly else (lambda p, v: p <= v)
                words = {"column": column, "strictly": strictly, **m}
                add("column_values_to_be_increasing", words, neighbours(column, up, mostly))
                add(
                    "column_values_to_be_decreasing",
                    words,
                    neighbours(column, lambda p, v, up=up: up(v, p), mostly),
                )
        add(
            "column_values_to_be_between",
            {"column": "f", "min_value": 0, "max_value": 2, "strict_min": True, **m},
            values("f", lambda v: 0 < v <= 2, mostly),
        )
        add(
            "column_values_to_be_between",
            {"column": "s", "max_value": "a", **m},
            values("s", lambda v: v <= "a", mostly),
        )
        add(
            "column_values_to_be_in_set",
            {"column": "i", "value_set": [0, 1.0], **m},
            values("i", lambda v: v in (0, 1), mostly),
        )
        add(
            "column_values_to_not_be_in_set",
            {"column": "s", "value_set": ["a"], **m},
            values("s", lambda v: v != "a", mostly),
        )
        add(
            "column_values_to_be_of_type",
            {"column": "f", "type_": "int64", **m},
            values("f", lambda v: v.is_integer() and abs(v) < 2**63, mostly),
        )
        add(
            "column_values_to_be_in_type_list",
            {"column": "i", "type_list": ["string", "int"], **m},
            values("i", lambda v: True, mostly),
        )
        add(
            "column_values_to_match_regex",
            {"column": "s", "regex": "b|C", **m},
            values("s", lambda v: bool(re.search("b|C", v)), mostly),
        )
        add(
            "column_values_to_not_match_regex",
            {"column": "i", "regex": "^-", **m},
            values("i", lambda v: v >= 0, mostly),
        )
        add(
            "column_values_to_match_regex_list",
            {"column": "s", "regex_list": ["a", "b"], "match_on": "all", **m},
            values("s", lambda v: "a" in v and "b" in v, mostly),
        )
        add(
            "column_values_to_not_match_regex_list",
            {"column": "s", "regex_list": ["A", "b"], **m},
            values("s", lambda v: "A" not in v and "b" not in v, mostly),
        )
        for pattern, escape, oracle in (
            ("a%", None, lambda v: v.startswith("a")),
            ("a_b", None, lambda v: len(v) == 3 and v[0] == "a" and v[2] == "b"),
            ("a!%b", "!", lambda v: v == "a%b"),
            ("_", None, lambda v: len(v) == 1),
        ):
            words = {"column": "w", "escape": escape, **m}
            add(
                "column_values_to_match_like_pattern",
                {**words, "like_pattern": pattern},
                values("w", oracle, mostly),
            )
            add(
                "column_values_to_not_match_like_pattern",
                {**words, "like_pattern": pattern},
                values("w", lambda v, o=oracle: not o(v), mostly),
            )
        add(
            "column_values_to_match_like_pattern_list",
            {"column": "w", "like_pattern_list": ["a%", "%b"], "match_on": "all", **m},
            values("w", lambda v: v.startswith("a") and v.endswith("b"), mostly),
        )
        add(
            "column_values_to_not_match_like_pattern_list",
            {"column": "w", "like_pattern_list": ["a%", "%b"], **m},
            values("w", lambda v: not (v.startswith("a") or v.endswith("b")), mostly),
        )
        add(
            "column_value_lengths_to_be_between",
            {"column": "w", "min_value": 1, "max_value": 2, **m},
            values("w", lambda v: 1 <= len(v) <= 2, mostly),
        )
        add(
            "column_value_lengths_to_equal",
            {"column": "w", "value": 1, **m},
            values("w", lambda v: len(v) == 1, mostly),
        )
        add(
            "column_values_to_be_dateutil_parseable", {"column": "w", **m}, values("w", _reads(parse), mostly)
        )
        add(
            "column_values_to_match_strftime_format",
            {"column": "w", "strftime_format": "%Y-%m-%d", **m},
            values("w", _reads(lambda t: datetime.strptime(t, "%Y-%m-%d")), mostly),
        )
        add(
            "column_values_to_be_json_parseable",
            {"column": "w", **m},
            values("w", _reads(json.loads), mostly),
        )
        schema = {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}}
        add(
            "column_values_to_match_json_schema",
            {"column": "w", "json_schema": schema, **m},
            values("w", _described, mostly),
        )
        add(
            "column_value_z_scores_to_be_less_than",
            {"column": "i", "threshold": 1.1, **m},
            far("i", lambda v, all_of: _under(v, all_of, 1.1, True), mostly),
        )
        add(
            "column_value_z_scores_to_be_less_than",
            {"column": "i", "threshold": 0.4, "double_sided": False, **m},
            far("i", lambda v, all_of: _under(v, all_of, 0.4, False), mostly),
        )
        for method, multiplier in (("iqr", 0.5), ("std", 1.1), ("std", 0)):
            add(
                "column_values_to_not_be_outliers",
                {"column": "i", "method": method, "multiplier": multiplier, **m},
                far("i", lambda v, all_of, k=method, x=multiplier: _inside(v, all_of, k, x), mostly),
            )
        for ignore in ("both_values_are_missing", "either_value_is_missing", "neither"):
            words = {"column_A": "a", "column_B": "b", "ignore_row_if": ignore, **m}
            ab = ["a", "b"]
            add(
                "column_pair_values_to_be_equal",
                words,
                listed(ab, ignore, lambda r: None not in r and r[0] == r[1], mostly),
            )
            add(
                "column_pair_values_a_to_be_greater_than_b",
                words,
                listed(ab, ignore, lambda r: None not in r and r[0] > r[1], mostly),
            )
            add(
                "column_pair_values_to_be_in_set",
                {**words, "value_pairs_set": [[0, 1], [None, 2], [None, None]]},
                listed(ab, ignore, lambda r: r in {(0, 1), (None, 2), (None, None)}, mostly),
            )
        for ignore in ("all_values_are_missing", "any_value_is_missing", "never"):
            abc = ["a", "b", "c"]
            words = {"column_list": abc, "ignore_row_if": ignore, **m}
            add("compound_columns_to_be_unique", words, compound(abc, ignore, mostly))
            add(
                "select_column_values_to_be_unique_within_record",
                words,
                listed(abc, ignore, lambda r: len(set(r)) == 3, mostly),
            )
            add(
                "multicolumn_values_to_be_equal",
                words,
                listed(abc, ignore, lambda r: len(set(r)) == 1, mostly),
            )
            add(
                "multicolumn_sum_to_equal",
                {**words, "sum_total": 3},
                listed(abc, ignore, lambda r: None not in r and sum(r) == 3, mostly),
            )
    exact = lambda v: float(sum(map(Fraction, v), Fraction()))  # noqa: E731
    add(
        "column_sum_to_be_between",
        {"column": "f", "min_value": 0.2, "max_value": 2},
        figure("f", exact, lambda x: 0.2 <= x <= 2),
    )
    add(
        "column_mean_to_be_between",
        {"column": "f", "max_value": 0},
        figure("f", lambda v: exact(v) / len(v) if v else None, lambda x: x <= 0),
    )
    add(
        "column_median_to_be_between",
        {"column": "i", "min_value": 0.5},
        figure("i", lambda v: statistics.median(v) if v else None, lambda x: x >= 0.5),
    )
    add(
        "column_stdev_to_be_between",
        {"column": "i", "max_value": 1.2},
        figure("i", lambda v: statistics.stdev(v) if len(v) > 1 else None, lambda x: x <= 1.2),
    )
    add(
        "column_min_to_be_between",
        {"column": "f", "min_value": -1, "strict_min": True},
        figure("f", lambda v: min(v, default=None), lambda x: x > -1),
    )
    add(
        "column_max_to_be_between",
        {"column": "s", "max_value": "ab"},
        figure("s", lambda v: max(v, default=None), lambda x: x <= "ab"),
    )
    add(
        "column_proportion_of_non_null_values_to_be_between",
        {"column": "f", "min_value": 0.5},
        whole(lambda r: bool(r) and len(_there(r, "f")) / len(r) >= 0.5),
    )
    add(
        "column_quantile_values_to_be_between",
        {
            "column": "i",
            "quantile_ranges": {
                "quantiles": [0.1, 0.5, 0.8],
                "value_ranges": [[None, 0], [-1, 1], [0, None]],
            },
        },
        figure("i", _quantiles, lambda q: q[0] <= 0 and -1 <= q[1] <= 1 and q[2] >= 0),
    )
    add(
        "column_unique_value_count_to_be_between",
        {"column": "f", "min_value": 1, "max_value": 2},
        distinct("f", lambda d: 1 <= len(d) <= 2, None),
    )
    add(
        "column_proportion_of_unique_values_to_be_between",
        {"column": "s", "min_value": 0.6},
        whole(lambda r: bool(_there(r, "s")) and len(set(_there(r, "s"))) / len(_there(r, "s")) >= 0.6),
    )
    ab = {"a", "b"}
    add(
        "column_distinct_values_to_be_in_set",
        {"column": "s", "value_set": ["a", "b"]},
        distinct("s", lambda d: d <= ab, ab),
    )
    add(
        "column_distinct_values_to_contain_set",
        {"column": "s", "value_set": ["a", "b"]},
        distinct("s", lambda d: d >= ab, None),
    )
    add(
        "column_distinct_values_to_equal_set",
        {"column": "s", "value_set": ["a", "b"]},
        distinct("s", lambda d: d == ab, ab),
    )
    for ties in (True, False):
        add(
            "column_most_common_value_to_be_in_set",
            {"column": "s", "value_set": ["a", "b"], "ties_okay": ties},
            commonest("s", ab, ties),
        )
    for holdout in (0.0, 0.3):
        partition = {"values": [0, 1], "weights": [0.5, 0.5]}
        add(
            "column_kl_divergence_to_be_less_than",
            {"column": "a", "partition_object": partition, "threshold": 0.3, "tail_weight_holdout": holdout},
            divergence("a", {0: 0.5, 1: 0.5}, holdout, 0.3),
        )
    add(
        "unexpected_rows",
        {"unexpected_rows_query": "select * from {batch} where a = b"},
        lambda r: ((n := sum(x["a"] is not None and x["a"] == x["b"] for x in r)) == 0, n),
    )
    return found


CASES = cases()
COLUMNS_ALONE = {
    "table_column_count_to_be_between", "table_column_count_to_equal", "table_columns_to_match_ordered_list",
    "table_columns_to_match_set", "column_to_exist", "column_type_to_be",
}  # fmt: skip
CONDITIONS: list[tuple[Row, Callable[[Row], bool]]] = [
    ({}, lambda row: True),
    ({"where": "a > 0 -- some"}, lambda row: row["a"] is not None and row["a"] > 0),
    (
        {"row_condition": "not a > 0", "condition_parser": "pandas"},
        lambda row: not (row["a"] is not None and row["a"] > 0),
    ),
    (
        {"row_condition": 'col("a") != 1', "condition_parser": "great_expectations"},
        lambda row: row["a"] not in (None, 1),
    ),
    (
        {"row_condition": {"type": "or", "conditions": [
            {"type": "nullity", "column": {"name": "b"}, "is_null": True},
            {"type": "comparison", "column": {"name": "a"}, "operator": "IN", "parameter": [0, 2]}]}},
        lambda row: row["b"] is None or row["a"] in (0, 2),
    ),
]  # fmt: skip


def judged(rows: list[Row], checks: list[Row]) -> tuple[CheckResult, ...]:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return validate_table(table, checks=checks, others={"two": pa.table({"x": [1, 2]})}, threads=1).results


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(rows=rows_of, chosen=st.sampled_from(range(len(CONDITIONS))))
def test_every_check_means_what_brute_force_means(rows: list[Row], chosen: int) -> None:
    words, keep = CONDITIONS[chosen]
    kept = [row for row in rows if keep(row)]
    results = judged(rows, [{**check, **words} for check, _ in CASES])
    for (check, oracle), result in zip(CASES, results, strict=True):
        passed, bad = oracle(kept)
        assert result.passed == passed, (check, words, result)
        if bad is not None:
            assert result.unexpected_count == bad, (check, words, result)
            places = [number for number, row in enumerate(rows, 1) if keep(row)]
            assert set(result.unexpected_rows) <= set(places), (check, words, result)


def test_every_kind_has_its_meaning_in_plain_python() -> None:
    beyond = {name for name in CHECK_NAMES if name in BEYOND}
    assert set(CHECK_NAMES) - {check["expect"] for check, _ in CASES} - COLUMNS_ALONE - beyond == set()


BEYOND = {"freshness", "foreign_key", "row_count_change", "distribution_unchanged", "python_function"}
"""Checks that Great Expectations does not have; they have tests of their own."""


@settings(max_examples=60, deadline=None)
@given(
    pattern=st.text(alphabet="ab%_!.\n(", min_size=1, max_size=6),
    text=st.text(alphabet="ab%_!.\n(", max_size=6),
)
def test_like_is_what_a_database_has(pattern: str, text: str) -> None:
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("pragma case_sensitive_like = on")
    wanted = bool(connection.execute("select ? like ?", (text, pattern)).fetchone()[0])
    connection.close()
    assert bool(re.search(like_as_regex(pattern, None).replace(r"\z", r"\Z"), text)) == wanted


@pytest.mark.parametrize("mixed", [False, True], ids=["text", "mixed types"])
@pytest.mark.parametrize(
    "check",
    [
        {"expect": "column_values_to_match_regex", "regex": "^(a|aa)+$"},
        {"expect": "column_values_to_match_regex", "regex": "(a*)*b"},
        {"expect": "column_values_to_not_match_regex", "regex": "^(a+)+$"},
        {
            "expect": "column_values_to_match_regex_list",
            "regex_list": ["(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"],
        },
        {"expect": "column_values_to_not_match_regex_list", "regex_list": ["(.*a){20}!"]},
        {"expect": "column_values_to_match_like_pattern", "like_pattern": "%a" * 25 + "%b"},
        {"expect": "column_values_to_not_match_like_pattern_list", "like_pattern_list": ["%a" * 25 + "!%"]},
        {
            "expect": "column_values_to_match_json_schema",
            "json_schema": {"type": "string", "pattern": "^(a+)+$"},
        },
    ],
    ids=lambda check: check["expect"],
)
def test_patterns_that_explode_elsewhere_finish(check: Row, mixed: bool) -> None:
    import pandas as pd

    texts = ["a" * 50_000 + "!", "x" * 50_000, json.dumps("a" * 50_000 + "!")]
    frame = pd.DataFrame({"s": [*texts, 5] if mixed else texts}, dtype="object")
    (result,) = validate_table(frame, checks=[{**check, "column": "s"}]).results
    assert result.unexpected_count is not None
