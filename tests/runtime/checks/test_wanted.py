"""What a check wants is told in words, beside what was found."""

from typing import Any

import pytest

from mlopsc import validate_table


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            {"expect": "column_mean_to_be_between", "column": "n", "min_value": 3, "max_value": 4.5},
            "≥ 3 and ≤ 4.5",
        ),
        (
            {
                "expect": "column_values_to_be_between",
                "column": "n",
                "max_value": 2,
                "strict_max": True,
                "mostly": 0.9,
            },
            "< 2; in at least 90 %",
        ),
        ({"expect": "column_values_to_be_in_set", "column": "n", "value_set": [7, 8]}, "value set 7, 8"),
        ({"expect": "column_values_to_be_of_type", "column": "n", "type_": "bool"}, "type bool"),
        ({"expect": "column_values_to_match_regex", "column": "t", "regex": "^x"}, "regex ^x"),
        ({"expect": "column_values_to_be_null", "column": "n", "where": "n > 1"}, "where n > 1"),
        ({"expect": "column_values_to_be_null", "column": "n"}, ""),
        ({"python": lambda frame, least: len(frame) > least, "args": {"least": 9}}, ""),
    ],
)
def test_keys_in_words(check: dict[str, Any], words: str) -> None:
    import pandas as pd

    frame = pd.DataFrame({"n": [1, 2], "t": ["a", "b"]})
    (found,) = validate_table(frame, checks=[check]).results
    assert (found.passed, found.wanted) == (False, words)
