"""Checks carry Great Expectations' names and arguments, and senseless ones are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from mlopsc.vocabulary.checks import CHECK, CHECK_NAMES, model_of

BETWEEN = {"expect": "column_values_to_be_between", "column": "x"}
COUNT = {"expect": "table_row_count_to_be_between"}


def test_a_check_reads_and_writes_itself() -> None:
    check = CHECK.validate_python({**BETWEEN, "min_value": 0, "mostly": 0.9, "on_failure": "warn"})
    assert CHECK.validate_json(CHECK.dump_json(check)) == check
    assert check.columns() == ("x",)


def test_every_name_has_its_model() -> None:
    assert [model_of(name).model_fields["expect"].default for name in CHECK_NAMES] == list(CHECK_NAMES)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (BETWEEN, "needs `min_value`, `max_value` or both"),
        ({**BETWEEN, "min_value": 2, "max_value": 1}, "is greater than"),
        ({**BETWEEN, "min_value": 1, "max_value": 1, "strict_min": True}, "nothing is strictly between"),
        ({**BETWEEN, "max_value": 1, "strict_min": True}, "`strict_min` without `min_value`"),
        ({**BETWEEN, "min_value": 1, "mostly": 1.1}, "less than or equal to 1"),
        ({**COUNT, "min_value": -1}, "`min_value` is a count"),
        ({**COUNT, "min_value": 1.5}, "`min_value` is a count"),
        ({"expect": "column_mean_to_be_between", "column": "x", "min_value": "a"}, "must be a number"),
        ({"expect": "column_values_to_be_in_set", "column": "x", "value_set": []}, "at least 1 item"),
        ({"expect": "column_values_to_match_regex", "column": "x", "regex": "(?!a)"}, "linear time"),
        ({"expect": "compound_columns_to_be_unique", "column_list": ["a"]}, "at least 2 items"),
        ({"expect": "compound_columns_to_be_unique", "column_list": ["a", "a"]}, "names a column twice"),
        (
            {"expect": "column_pair_values_a_to_be_greater_than_b", "column_A": "a", "column_B": "a"},
            "are both 'a'",
        ),
        ({"expect": "unexpected_rows", "unexpected_rows_query": "select 1"}, "must select from `{batch}`"),
        ({"expect": "column_to_exits", "column": "a"}, "does not match any of the expected tags"),
    ],
)
def test_senseless_checks_are_refused(check: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CHECK.validate_python(check)
