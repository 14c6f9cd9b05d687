"""The same configurations, judged by Great Expectations itself and here: verdict, observed value, unexpected count."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlopsc.runtime.checks import validate_table
from mlopsc.vocabulary.checks import CHECK_NAMES
from tests.peers import run_peer

SCRIPT = """
import json, sys, warnings
import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)

context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
told = []
for file, checks in json.load(open(sys.argv[1])):
    asset = context.data_sources.add_pandas(file).add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": pd.read_parquet(file)})
    for check in checks:
        words = dict(check)
        name = words.pop("expect")
        title = {"column_kl_divergence_to_be_less_than": "ExpectColumnKLDivergenceToBeLessThan"}.get(name)
        if title is None:
            title = "Expect" + "".join(part[0].upper() + part[1:] for part in name.split("_"))
        found = batch.validate(getattr(gxe, title)(**words), result_format={"result_format": "COMPLETE"})
        raised = [
            one.get("exception_message")
            for one in ([found.exception_info] if "raised_exception" in found.exception_info
                        else found.exception_info.values())
            if one.get("raised_exception")
        ]
        told.append({"success": bool(found.success), "raised": raised, **{
            key: plain(found.result.get(key)) for key in ("observed_value", "unexpected_count")}})
print(json.dumps(told, default=str))
"""


def frame(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a table with nulls, NaN, ties, infinities and texts of all kinds."""
    rng = np.random.default_rng(seed)
    pick = lambda values: [values[i] for i in rng.integers(0, len(values), rows)]  # noqa: E731
    texts = ["2020-01-02", "2020-1-2", "10/11/2012 13:45", "May 5", "soon", "2021-02-30", '{"a": 1}']
    texts += ["[1, 2,]", "NaN", '{"a": "x"}', "1e5", "", "null", "abc.def", "a_c", "a%c", "line\nbreak"]
    return pd.DataFrame(
        {
            "k": rng.integers(0, 5, rows),
            "u": np.arange(rows),
            "m": np.round(rng.normal(size=rows), 1),
            "f": np.where(rng.random(rows) < 0.2, np.nan, np.round(rng.normal(size=rows) * 3, 1)),
            "one": np.full(rows, 2.5),
            "s": pd.array(pick(["a", "bb", "ccc", "Bb", None]), dtype="object"),
            "w": pd.array(pick(texts), dtype="object"),
            "t": pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 4, rows), "D"),
            "b": rng.random(rows) < 0.5,
            "p": rng.integers(0, 3, rows),
            "q": rng.integers(0, 3, rows),
            "r": np.where(rng.random(rows) < 0.3, np.nan, rng.integers(0, 3, rows)),
            "void": np.full(rows, np.nan),
        }
    )


def configurations() -> list[dict[str, Any]]:
    """Return many checks of that table."""
    found: list[dict[str, Any]] = []

    def add(name: str, *words: dict[str, Any]) -> None:
        found.extend({"expect": name, **more} for more in words)

    bounds = [{"min_value": 0}, {"max_value": 0.5}, {"min_value": -1, "max_value": 1}]
    bounds += [{**one, "strict_min": "min_value" in one, "strict_max": "max_value" in one} for one in bounds]
    add(
        "table_row_count_to_be_between",
        {"min_value": 3},
        {"max_value": 3},
        {"min_value": 0, "max_value": 500},
    )
    add("table_row_count_to_equal", {"value": 200}, {"value": 3})
    add("table_column_count_to_be_between", {"min_value": 3}, {"max_value": 3})
    add("table_column_count_to_equal", {"value": 13}, {"value": 3})
    columns = list(frame(1).columns)
    add("table_columns_to_match_ordered_list", {"column_list": columns}, {"column_list": columns[::-1]})
    add(
        "table_columns_to_match_set",
        {"column_set": columns[::-1]},
        {"column_set": columns[:3]},
        {"column_set": columns[:3], "exact_match": False},
        {"column_set": [*columns, "zz"], "exact_match": False},
    )
    add("column_to_exist", {"column": "k"}, {"column": "zz"}, {"column": "u", "column_index": 1})
    add("column_to_exist", {"column": "u", "column_index": 2})
    for column in ("f", "void", "k"):
        for mostly in (1.0, 0.8, 0.5):
            add("column_values_to_not_be_null", {"column": column, "mostly": mostly})
            add("column_values_to_be_null", {"column": column, "mostly": mostly})
        for one in (
            {"min_value": 0.5},
            {"min_value": 0.8, "max_value": 1},
            {"max_value": 0.5, "strict_max": True},
        ):
            add("column_proportion_of_non_null_values_to_be_between", {"column": column, **one})
    for column in ("m", "f", "one", "void"):
        for one in bounds:
            for name in ("mean", "median", "sum", "stdev", "min", "max"):
                add(f"column_{name}_to_be_between", {"column": column, **one})
            add(
                "column_values_to_be_between",
                {"column": column, **one},
                {"column": column, **one, "mostly": 0.4},
            )
    add("column_values_to_be_between", {"column": "t", "min_value": "2020-01-02", "max_value": "2020-01-03"})
    for column, members in (
        ("k", [0, 1, 2]),
        ("s", ["a", "bb"]),
        ("k", [0, 1, 2, 3, 4, 9]),
        ("s", ["zz"]),
        ("f", [0.5]),
    ):
        for name in ("in_set", "not_in_set"):
            add(
                f"column_values_to_{'be_' + name if name == 'in_set' else 'not_be_in_set'}",
                {"column": column, "value_set": members},
                {"column": column, "value_set": members, "mostly": 0.5},
            )
        add("column_distinct_values_to_be_in_set", {"column": column, "value_set": members})
        add("column_distinct_values_to_contain_set", {"column": column, "value_set": members})
        add("column_distinct_values_to_equal_set", {"column": column, "value_set": members})
        for ties in (True, False):
            add(
                "column_most_common_value_to_be_in_set",
                {"column": column, "value_set": members, "ties_okay": ties},
            )
    add("column_distinct_values_to_equal_set", {"column": "k", "value_set": [0, 1, 2, 3, 4]})
    add("column_most_common_value_to_be_in_set", {"column": "u", "value_set": [0], "ties_okay": False})
    add("column_most_common_value_to_be_in_set", {"column": "u", "value_set": [0], "ties_okay": True})
    for column in ("k", "u", "f", "s", "void"):
        for mostly in (1.0, 0.3, 0.0):
            add("column_values_to_be_unique", {"column": column, "mostly": mostly})
        for low in (0, 3, 5):
            add(
                "column_unique_value_count_to_be_between",
                {"column": column, "min_value": low, "max_value": 5},
            )
        add(
            "column_proportion_of_unique_values_to_be_between",
            {"column": column, "min_value": 0.02, "max_value": 0.5},
        )
    for column in ("k", "u", "f", "m", "one", "t", "void"):
        for strictly in (True, False):
            for mostly in (1.0, 0.5, 0.4):
                words = {"column": column, "strictly": strictly, "mostly": mostly}
                add("column_values_to_be_increasing", words)
                add("column_values_to_be_decreasing", words)
    for column in ("m", "f", "one", "void", "k"):
        for threshold in (0.5, 1, 2, -1):
            for sides in (True, False):
                add(
                    "column_value_z_scores_to_be_less_than",
                    {"column": column, "threshold": threshold, "double_sided": sides, "mostly": 0.7},
                )
        for method in ("iqr", "std"):
            for multiplier in (0, 0.3, 1.5, 2.0):
                add(
                    "column_values_to_not_be_outliers",
                    {"column": column, "method": method, "multiplier": multiplier, "mostly": 0.9},
                )
        for rule in (False, "linear", "lower", "higher", "midpoint", "nearest"):
            ranges = {
                "quantiles": [0.05, 0.1, 0.5, 0.75, 1],
                "value_ranges": [[None, 0], [-2, 1], [0, None], [0, 2], [0, 9]],
            }
            add(
                "column_quantile_values_to_be_between",
                {"column": column, "quantile_ranges": ranges, "allow_relative_error": rule},
            )
    for regex in ("^a", "b", "c+$", "[A-Z]", "^.$"):
        for mostly in (1.0, 0.5):
            for column in ("s", "w", "k"):
                words = {"column": column, "regex": regex, "mostly": mostly}
                add("column_values_to_match_regex", words)
                add("column_values_to_not_match_regex", words)
    for match_on in ("any", "all"):
        for many in (["a", "b"], ["c"], ["a", "."]):
            add(
                "column_values_to_match_regex_list", {"column": "s", "regex_list": many, "match_on": match_on}
            )
    add(
        "column_values_to_not_match_regex_list",
        {"column": "s", "regex_list": ["a", "c"]},
        {"column": "s", "regex_list": ["z"]},
    )
    for one in (
        {"min_value": 1, "max_value": 2},
        {"max_value": 2, "strict_max": True},
        {"min_value": 1, "strict_min": True},
    ):
        add(
            "column_value_lengths_to_be_between",
            {"column": "s", **one},
            {"column": "w", **one, "mostly": 0.1},
        )
    add(
        "column_value_lengths_to_equal",
        {"column": "s", "value": 2},
        {"column": "s", "value": 2, "mostly": 0.3},
    )
    for mostly in (1.0, 0.3):
        add("column_values_to_be_dateutil_parseable", {"column": "w", "mostly": mostly})
        add("column_values_to_be_json_parseable", {"column": "w", "mostly": mostly})
        for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M", "%B %d"):
            add(
                "column_values_to_match_strftime_format",
                {"column": "w", "strftime_format": form, "mostly": mostly},
            )
    for ignore in ("both_values_are_missing", "either_value_is_missing", "neither"):
        for a, b in (("p", "q"), ("p", "r"), ("f", "r"), ("r", "void")):
            words = {"column_A": a, "column_B": b, "ignore_row_if": ignore, "mostly": 0.5}
            add("column_pair_values_to_be_equal", words, {**words, "mostly": 0.2})
            add("column_pair_values_a_to_be_greater_than_b", words, {**words, "or_equal": True})
            add(
                "column_pair_values_to_be_in_set",
                {**words, "value_pairs_set": [[0, 1], [1, 1], [2, None], [None, None]]},
            )
    for ignore in ("all_values_are_missing", "any_value_is_missing", "never"):
        for listed in (["p", "q"], ["p", "r"], ["r", "void"], ["p", "q", "r"], ["u", "p"]):
            words = {"column_list": listed, "ignore_row_if": ignore, "mostly": 0.2}
            add("compound_columns_to_be_unique", words)
            add("select_column_values_to_be_unique_within_record", words)
            add("multicolumn_values_to_be_equal", words)
            add(
                "multicolumn_sum_to_equal",
                {**words, "sum_total": 2},
                {**words, "sum_total": 3.0, "mostly": 1.0},
            )
    bins = {"bins": [-1.0, 0.0, 1.0, 2.0], "weights": [0.3, 0.3, 0.2], "tail_weights": [0.1, 0.1]}
    bare = {"bins": [-1.0, 0.0, 1.0, 2.0], "weights": [0.5, 0.5, 0.0]}
    by_value = {"values": [0, 1, 2, 3], "weights": [0.25, 0.25, 0.25, 0.25]}
    for threshold in (0.05, 0.5, 2.0):
        for column in ("m", "f"):
            add(
                "column_kl_divergence_to_be_less_than",
                {"column": column, "partition_object": bins, "threshold": threshold},
                {"column": column, "partition_object": bare, "threshold": threshold},
                {
                    "column": column,
                    "partition_object": bare,
                    "threshold": threshold,
                    "internal_weight_holdout": 0.1,
                    "tail_weight_holdout": 0.2,
                },
            )
        add(
            "column_kl_divergence_to_be_less_than",
            {"column": "k", "partition_object": by_value, "threshold": threshold},
            {"column": "k", "partition_object": by_value, "threshold": threshold, "tail_weight_holdout": 0.1},
            {"column": "p", "partition_object": by_value, "threshold": threshold},
        )
    for name, types in (
        ("k", ("int64", "int", "float64")),
        ("m", ("float64", "int64")),
        ("b", ("bool", "int64")),
    ):
        for type_ in types:
            add("column_type_to_be", {"column": name, "type_": type_})
    add("column_values_to_be_of_type", {"column": "k", "type_": "int64"}, {"column": "m", "type_": "int64"})
    add("column_values_to_be_of_type", {"column": "s", "type_": "str"}, {"column": "s", "type_": "int"})
    add("column_values_to_be_in_type_list", {"column": "k", "type_list": ["int64", "float64"]})
    # A column of floats passes where all of them are whole, and so one without rows; there its type decides.
    add("column_values_to_be_in_type_list", {"column": "m", "type_list": ["datetime64[ns]", "bool"]})
    for condition in ("p > 0", "f >= 0.5 and s == 'a'", "~(f > 0) | k != 2", "f != 1", "s in ['a', 'bb']", "f.isnull()",
                      "not f < 1", "k > 0 & p < 2", "void != 1", "r == q"):  # fmt: skip
        words = {"row_condition": condition, "condition_parser": "pandas"}
        add("column_values_to_be_between", {"column": "m", "min_value": 0, "mostly": 0.5, **words})
        add("column_values_to_be_unique", {"column": "k", **words})
        add("column_mean_to_be_between", {"column": "f", "min_value": -1, **words})
        add("table_row_count_to_be_between", {"min_value": 50, "max_value": 190, **words})
        add("column_values_to_be_increasing", {"column": "u", **words})
        add("column_unique_value_count_to_be_between", {"column": "k", "max_value": 4, **words})
        add("compound_columns_to_be_unique", {"column_list": ["p", "q"], **words})
        add("column_pair_values_to_be_equal", {"column_A": "p", "column_B": "q", "mostly": 0.3, **words})
    return found


ODD = {
    "column_values_to_match_like_pattern": "Great Expectations matches LIKE in databases only",
    "column_values_to_not_match_like_pattern": "the same",
    "column_values_to_match_like_pattern_list": "the same",
    "column_values_to_not_match_like_pattern_list": "the same",
    "unexpected_rows": "the same",
    "table_row_count_to_equal_other_table": "the same",
    "column_values_to_match_json_schema": "needs a column of JSON alone there",
    "freshness": "there is none there",
    "foreign_key": "the same",
    "row_count_change": "the same",
    "distribution_unchanged": "the same",
    "python_function": "the same",
}
"""Checks that are compared with brute force only, and why."""


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float | int) and isinstance(theirs, float | int):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(_same(ours[key], theirs[key]) for key in ours)
    return bool(ours == theirs)


def _observed(check: dict[str, Any], ours: Any, theirs: Any) -> tuple[Any, Any]:
    """Return both observed values without what is only told otherwise."""
    name = check["expect"]
    if name == "column_to_exist" or "type" in name or name == "column_most_common_value_to_be_in_set":
        return None, None  # a position, other names of types, at most 20 values
    if name == "table_columns_to_match_set":
        return sorted(ours), sorted(theirs)
    if name == "column_quantile_values_to_be_between" and ours is None:
        return None, next((value for value in theirs["values"] if value is not None), None)
    return (None if ours == "Infinity" else ours), theirs


@pytest.mark.peers
def test_verdicts_values_and_counts_are_theirs(tmp_path: Path) -> None:
    checks = configurations()
    files = {rows: tmp_path / f"{rows}.parquet" for rows in (200, 3, 1, 0)}
    for rows, file in files.items():
        frame(rows).to_parquet(file, index=False)
    (tmp_path / "work.json").write_text(json.dumps([[str(file), checks] for file in files.values()]))
    theirs = json.loads(run_peer("gx", SCRIPT, tmp_path / "work.json", folder=tmp_path).splitlines()[-1])
    different = []
    for index, (rows, file) in enumerate(files.items()):
        ours = validate_table(file, checks=checks).document()["results"]
        for check, our, their in zip(checks, ours, theirs[index * len(checks) :], strict=False):
            differences = [] if our["passed"] == their["success"] else [(our["passed"], their["success"])]
            if not their["raised"] and their["unexpected_count"] is not None:
                if our["unexpected_count"] != their["unexpected_count"]:
                    differences.append((our["unexpected_count"], their["unexpected_count"]))
            elif not their["raised"]:
                pair = _observed(check, our["observed"], their["observed_value"])
                differences += [] if _same(*pair) else [pair]
            if "_type" in check["expect"] and rows == 0:
                continue  # without rows all values fit any type here; there the column's own type decides
            if differences:
                different.append(f"{rows} rows: {check}: {differences} {our['message']} {their['raised']}")
    assert different == []


def test_every_check_is_compared() -> None:
    compared = {check["expect"] for check in configurations()}
    assert set(CHECK_NAMES) - compared - set(ODD) == set()
