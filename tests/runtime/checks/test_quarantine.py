"""Rows put aside are exactly those that a failed check found; the others go on, in order."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc import SpecError, validate_table
from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import validate
from mlopsc.vocabulary.checks import CHECK_NAMES, model_of
from mlopsc.vocabulary.operations import Validate

ROWS = pd.DataFrame({"id": [1, 2, 3, 3, 5], "v": [0.5, None, 7.0, 2.0, 3.0], "c": list("abxab")})


def parted(folder: Path, frame: pd.DataFrame = ROWS, **config: Any) -> tuple[dict[str, Any], Any, Any]:
    """Return report, rows that go on, and rows put aside."""
    frame.to_parquet(folder / "in.parquet", index=False)
    operation = Validate.model_validate({"dataset": "d", **config})
    outputs = {port: folder / port for port in operation.output_ports()}
    context = Context(project=folder)
    try:
        validate.run(operation, {"data": folder / "in.parquet"}, outputs, context)
    finally:
        report = json.loads((folder / "report").read_bytes())
    return report, *(pq.read_table(folder / port).to_pandas() for port in ("data", "rejected"))


def test_bad_rows_go_aside_with_the_checks_that_they_failed(tmp_path):
    report, kept, rejected = parted(
        tmp_path,
        primary_key=["id"],
        on_failure="quarantine",
        columns={"c": {"allowed": ["a", "b"]}},
        checks=[{"expect": "column_values_to_be_between", "column": "v", "max_value": 5, "name": "small"}],
    )
    assert report["quarantine"] == {"kept": 3, "rejected": 2}
    assert report["verdict"] == "pass"
    assert kept["id"].tolist() == [1, 2, 5]
    assert list(kept) == ["id", "v", "c"]
    assert rejected["__row_number__"].tolist() == [3, 4]
    assert rejected["id"].tolist() == [3, 3]
    assert rejected["__failed__"].tolist() == [
        "column_values_to_be_in_set of 'c'; column_values_to_be_unique of 'id'; small",
        "column_values_to_be_unique of 'id'",
    ]
    assert report["warnings"][0].startswith("2 of 5 rows were put aside: column_values_to_be_in_set of 'c'")


def test_the_report_gives_share_and_keys_of_offenders(tmp_path):
    check = {"expect": "column_values_to_be_in_set", "column": "c", "value_set": ["a", "x"]}
    report, _, _ = parted(
        tmp_path, primary_key=["id"], checks=[{**check, "on_failure": "quarantine"}], on_failure="warn"
    )
    found = report["results"][-1]
    assert found["declared"] == ["checks", 0]
    assert (found["unexpected_count"], found["unexpected_share"]) == (2, 0.4)
    assert (found["unexpected_rows"], found["unexpected_keys"]) == ([2, 5], [{"id": 2}, {"id": 5}])


def test_a_check_whose_mostly_is_met_puts_nothing_aside(tmp_path):
    check = {"expect": "column_values_to_be_in_set", "column": "c", "value_set": ["a", "b"]}
    report, kept, rejected = parted(tmp_path, checks=[{**check, "mostly": 0.8, "on_failure": "quarantine"}])
    assert report["quarantine"] == {"kept": 5, "rejected": 0}
    assert len(kept) == 5
    assert list(rejected) == ["__row_number__", "__failed__", "id", "v", "c"]


def test_a_check_that_blocks_is_judged_on_all_rows(tmp_path):
    check = {"expect": "column_values_to_be_in_set", "column": "c", "value_set": ["a", "b"]}
    with pytest.raises(Refusal, match="fails 1 check: column_values_to_be_in_set of 'c'"):
        parted(tmp_path, checks=[{**check, "on_failure": "quarantine"}, {**check, "mostly": 0.9}])
    assert pq.read_table(tmp_path / "rejected").num_rows == 1


def test_a_default_of_quarantine_blocks_where_there_are_no_rows(tmp_path):
    check = {"expect": "table_row_count_to_be_between", "min_value": 6}
    with pytest.raises(Refusal, match="table_row_count_to_be_between"):
        parted(tmp_path, checks=[check], columns={"id": {"type": "int64"}}, on_failure="quarantine")


def test_it_is_refused_when_nothing_is_left(tmp_path):
    with pytest.raises(Refusal, match="all 5 rows were put aside"):
        parted(tmp_path, columns={"id": {"min": 100}}, on_failure="quarantine")
    assert json.loads((tmp_path / "report").read_bytes())["verdict"] == "fail"


def test_an_empty_table_stays_empty(tmp_path):
    report, kept, rejected = parted(tmp_path, ROWS.iloc[:0], primary_key=["id"], on_failure="quarantine")
    assert (len(kept), len(rejected), report["verdict"]) == (0, 0, "pass")


def test_without_such_a_check_there_is_only_a_report():
    plain = Validate.model_validate({"dataset": "d", "primary_key": ["id"], "on_failure": "warn"})
    assert set(plain.output_ports()) == {"report"}


@pytest.mark.parametrize(
    "check",
    [
        {"expect": "column_mean_to_be_between", "column": "v", "min_value": 0},
        {"expect": "table_row_count_to_equal", "value": 3},
        {"expect": "column_values_to_be_of_type", "column": "v", "type_": "int64"},
        {"expect": "unexpected_rows", "unexpected_rows_query": "select * from {batch}"},
    ],
)
def test_checks_without_rows_cannot_put_any_aside(check):
    with pytest.raises(SpecError, match="finds no rows that could be put aside: expected block or warn"):
        validate_table(ROWS, checks=[{**check, "on_failure": "quarantine"}])


CELL = st.none() | st.integers(-2, 3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELL, CELL), max_size=25),
    mostly=st.sampled_from([0.0, 0.5, 1.0]),
    threads=st.sampled_from([1, 2]),
)
def test_both_parts_equal_brute_force(tmp_path, rows, mostly, threads):
    frame = pd.DataFrame(rows, columns=["a", "b"]).astype("Int64")
    checks = [
        {"expect": "column_values_to_be_between", "column": "a", "min_value": 0, "mostly": mostly},
        {"expect": "column_values_to_be_unique", "column": "b"},
        {
            "expect": "column_pair_values_a_to_be_greater_than_b",
            "column_A": "a",
            "column_B": "b",
            "or_equal": True,
        },
        {"expect": "compound_columns_to_be_unique", "column_list": ["a", "b"]},
        {"expect": "column_values_to_not_be_null", "column": "a", "on_failure": "warn"},
    ]
    there = [a for a, _ in rows if a is not None]
    low = [a is not None and a < 0 for a, _ in rows]
    if there and (len(there) - sum(low)) / len(there) >= mostly:
        low = [False] * len(rows)
    values = [b for _, b in rows]
    twice = [b is not None and values.count(b) > 1 for b in values]
    both = [(a, b) != (None, None) for a, b in rows]
    less = [both[i] and (a is None or b is None or a < b) for i, (a, b) in enumerate(rows)]
    same = [both[i] and rows.count(row) > 1 for i, row in enumerate(rows)]
    bad = [any(found) for found in zip(low, twice, less, same, strict=True)]
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    operation = Validate.model_validate({"dataset": "d", "checks": checks, "on_failure": "quarantine"})
    outputs = {port: tmp_path / port for port in operation.output_ports()}
    files = {"data": tmp_path / "in.parquet"}
    with pytest.raises(Refusal) if bad and all(bad) else nullcontext():
        validate.run(operation, files, outputs, Context(tmp_path, threads=threads))
    kept, rejected = (pq.read_table(tmp_path / port).to_pylist() for port in ("data", "rejected"))
    assert [(row["a"], row["b"]) for row in kept] == [
        row for row, one in zip(rows, bad, strict=True) if not one
    ]
    assert [row["__row_number__"] for row in rejected] == [i + 1 for i, one in enumerate(bad) if one]


FRAME = pd.DataFrame(
    {
        "n": [1.0, 2.0, 2.0, 500.0, None, 3.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 2.0],
        "m": [1.0, 3.0, 2.0, 4.0, 1.0, None, 9.0, 2.0, 2.0, 1.0, 1.0, 1.0, 2.0],
        "s": ["1", "x y", "1", "", None, "zz", "1", "1", "1", "1", "1", "1", "1"],
    }
)
ARGUMENTS: dict[str, Any] = {
    "min_value": 2, "value": 1, "value_set": [1, 3], "regex": "^[0-9x]", "regex_list": ["^1", "^x"],
    "like_pattern": "1%", "like_pattern_list": ["1%", "x%"], "strftime_format": "%d", "json_schema": {"type": "number"},
    "threshold": 1.5, "double_sided": True, "value_pairs_set": [[1, 1], [2, 3]], "sum_total": 4.0,
    "column_list": ["n", "m"], "column_A": "n", "column_B": "m", "method": "iqr", "multiplier": 1.5,
}  # fmt: skip
BY_ROW = [
    name for name in CHECK_NAMES if model_of(name).by_row and name not in ("foreign_key", "python_function")
]


@pytest.mark.parametrize("name", BY_ROW)
def test_of_every_check_of_rows_all_rows_go(tmp_path, name):
    """As many rows go as the check counts, so that without them it passes, unless their absence makes others odd."""
    fields = model_of(name).model_fields
    texts = {"regex", "like", "length", "strftime", "json", "dateutil"}
    column = "s" if any(word in name for word in texts) else "n"
    check = {"expect": name, "on_failure": "quarantine"} | ({"column": column} if "column" in fields else {})
    check |= {key: value for key, value in ARGUMENTS.items() if key in fields}
    if column == "s" and "lengths_to_be_between" in name:
        check["min_value"] = 2
    if "not_match" in name or name == "column_values_to_not_be_in_set":
        check |= {"value_set": [1]} if "value_set" in check else {}
    report, kept, rejected = parted(tmp_path, FRAME, checks=[check])
    (found,) = report["results"]
    assert found["unexpected_count"] == len(rejected) > 0, found
    assert len(kept) + len(rejected) == len(FRAME)
