"""Checks that judge a column's values one by one: whether there are any, of which type, which, and how often."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.checks.base import OfValues
from mlopsc.vocabulary.checks.bounds import Bounded, unordered
from mlopsc.vocabulary.columns import ColumnType, Member, fits


class ColumnValuesToNotBeNull(OfValues):
    """Values are there; `mostly` is a share of all rows."""

    expect: Literal["column_values_to_not_be_null"] = "column_values_to_not_be_null"


class ColumnValuesToBeNull(OfValues):
    """No values are there; `mostly` is a share of all rows."""

    expect: Literal["column_values_to_be_null"] = "column_values_to_be_null"


class ColumnValuesToBeOfType(OfValues):
    """The column's type; a column of mixed Python objects is judged value by value."""

    expect: Literal["column_values_to_be_of_type"] = "column_values_to_be_of_type"
    type_: ColumnType


class ColumnValuesToBeBetween(Bounded, OfValues):
    """Values lie between bounds: numbers, or texts for strings (code points), dates, times and timestamps."""

    expect: Literal["column_values_to_be_between"] = "column_values_to_be_between"

    def misfit(self, kind: str) -> str | None:
        """Return what the bounds need."""
        return unordered(self, kind)


class OfSet(OfValues):
    """A check against a set of values."""

    value_set: Annotated[tuple[Member, ...], Field(min_length=1)]

    def misfit(self, kind: str) -> str | None:
        """Return the first member that no value of the type can equal."""
        odd = next((value for value in self.value_set if not fits(value, kind)), None)
        return None if odd is None else f"values of its column's type, {odd!r} is none"


class ColumnValuesToBeInSet(OfSet):
    """Values are members of a set."""

    expect: Literal["column_values_to_be_in_set"] = "column_values_to_be_in_set"


class ColumnValuesToNotBeInSet(OfSet):
    """Values are no members of a set."""

    expect: Literal["column_values_to_not_be_in_set"] = "column_values_to_not_be_in_set"


class ColumnValuesToBeUnique(OfValues):
    """No value occurs twice; of a value that does, every occurrence is unexpected."""

    expect: Literal["column_values_to_be_unique"] = "column_values_to_be_unique"
