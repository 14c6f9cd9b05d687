"""Checks of a column's texts: patterns and lengths."""

from typing import Literal

from mlopsc.vocabulary.checks.base import OfValues
from mlopsc.vocabulary.checks.bounds import Counted
from mlopsc.vocabulary.columns import Regex


class OfRegex(OfValues):
    """A check against one regular expression."""

    regex: Regex


class ColumnValuesToMatchRegex(OfRegex):
    """The expression (RE2) is found anywhere in each value; anchor it with ^ and $. Numbers match as text."""

    expect: Literal["column_values_to_match_regex"] = "column_values_to_match_regex"


class ColumnValuesToNotMatchRegex(OfRegex):
    """The expression (RE2) is found nowhere in any value."""

    expect: Literal["column_values_to_not_match_regex"] = "column_values_to_not_match_regex"


class ColumnValueLengthsToBeBetween(Counted, OfValues):
    """The number of characters (code points) of strings."""

    expect: Literal["column_value_lengths_to_be_between"] = "column_value_lengths_to_be_between"

    def misfit(self, kind: str) -> str | None:
        """Return that only text has a length."""
        return None if kind == "string" else "text"
