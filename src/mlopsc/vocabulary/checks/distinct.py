"""Checks of a column's different values. Nulls are no values."""

from typing import Literal

from mlopsc.vocabulary.checks.base import OfColumn
from mlopsc.vocabulary.checks.bounds import Counted, Proportion
from mlopsc.vocabulary.checks.values import OfSet


class ColumnUniqueValueCountToBeBetween(Counted, OfColumn):
    """The number of different values."""

    expect: Literal["column_unique_value_count_to_be_between"] = "column_unique_value_count_to_be_between"


class ColumnProportionOfUniqueValuesToBeBetween(Proportion, OfColumn):
    """The number of different values, divided by that of values; 0 without values, as in Great Expectations."""

    expect: Literal["column_proportion_of_unique_values_to_be_between"] = (
        "column_proportion_of_unique_values_to_be_between"
    )


class ColumnDistinctValuesToBeInSet(OfSet):
    """All different values are members of a set, which may have more; no values pass."""

    expect: Literal["column_distinct_values_to_be_in_set"] = "column_distinct_values_to_be_in_set"


class ColumnDistinctValuesToContainSet(OfSet):
    """All members of a set occur; other values may, too."""

    expect: Literal["column_distinct_values_to_contain_set"] = "column_distinct_values_to_contain_set"


class ColumnDistinctValuesToEqualSet(OfSet):
    """The different values are exactly the members of a set."""

    expect: Literal["column_distinct_values_to_equal_set"] = "column_distinct_values_to_equal_set"


class ColumnMostCommonValueToBeInSet(OfSet):
    """The value that occurs most often is a member of a set; no values fail.

    Of several that occur equally often one must be a member with `ties_okay`; without it a tie fails, as in
    Great Expectations, even where all of them are members.
    """

    expect: Literal["column_most_common_value_to_be_in_set"] = "column_most_common_value_to_be_in_set"
    ties_okay: bool = False
    """Whether several values may be the most common ones."""
