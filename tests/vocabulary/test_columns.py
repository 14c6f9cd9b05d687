"""A column's constraints are refused where they cannot hold."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from mlopsc.vocabulary.columns import Column, check_regex, from_duckdb, to_duckdb

TYPES = [
    "string",
    "bool",
    "int8",
    "uint64",
    "float32",
    "decimal(10,2)",
    "date",
    "time",
    "timestamp",
    "binary",
]


@pytest.mark.parametrize("type_", TYPES)
def test_types_go_to_duckdb_and_back(type_: str) -> None:
    assert from_duckdb(to_duckdb(type_)) == type_


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("TIMESTAMP", "timestamp"),
        ("ENUM('a', 'b')", "string"),
        ("STRUCT(a INTEGER)", "nested"),
        ("INTEGER[]", "nested"),
        ("HUGEINT", "decimal(38,0)"),
    ],
)
def test_other_types_of_duckdb(name: str, type_: str) -> None:
    assert from_duckdb(name) == type_


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"type": "integer"}, "unknown column type 'integer'"),
        ({"type": "decimal(50,1)"}, "1 to 38 digits"),
        ({"type": "decimal(3,5)"}, "at most as many"),
        ({"type": "int64", "pattern": "a"}, "`pattern` is for string columns; this one is int64"),
        ({"type": "string", "min": 1}, "`min` is for numbers, dates and times; this column is string"),
        ({"type": "bool", "max": 1}, "`max` is for numbers"),
        ({"type": "int64", "min": "2020-01-01"}, "which is no int64"),
        ({"type": "date", "min": "yesterday"}, "which is no date"),
        ({"type": "int64", "allowed": [1, 2.5]}, "`allowed` holds 2.5, which is no int64"),
        ({"type": "string", "allowed": [True]}, "`allowed` holds True, which is no string"),
        ({"allowed": []}, "at least 1 item"),
        ({"min": 3, "max": 1}, "`min` 3 is greater than `max` 1"),
        ({"min": "2020-01-01T15:00:00+02:00", "max": "2020-01-01T12:00:00Z"}, "is greater than"),
        ({"min": 1, "max": "a"}, "cannot be compared"),
        ({"min": True}, "expected a number or a text, found True"),
        ({"min": float("nan")}, "expected a number or a text, found nan"),
        ({"pattern": "a", "min": 1}, "`pattern` is for strings"),
        ({"nulable": False}, "Extra inputs"),
    ],
)
def test_what_cannot_hold_is_refused(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Column.model_validate(declared)


def test_dates_may_be_pythons() -> None:
    assert Column.model_validate({"type": "date", "min": date(2020, 1, 1)}).min == "2020-01-01"


@pytest.mark.parametrize("pattern", [r"(?=a)", r"(?<!a)b", r"(a)\1", r"(?>a)"])
def test_patterns_without_linear_time_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="linear time"):
        check_regex(pattern)


@pytest.mark.parametrize("pattern", [r"^[A-Z]{3}$", r"[(?=]", r"\(?=", r"(?i)a", r"\\1", r"[]\1]"])
def test_other_patterns_pass(pattern: str) -> None:
    assert check_regex(pattern) == pattern
