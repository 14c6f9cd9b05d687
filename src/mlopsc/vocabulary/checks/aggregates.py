"""Checks of one figure of a column, such as its mean."""

from typing import Literal

from mlopsc.vocabulary.checks.base import OfColumn
from mlopsc.vocabulary.checks.bounds import Bounded, NumberBounded, Proportion, unordered
from mlopsc.vocabulary.columns import is_numeric


class OfNumbers(NumberBounded, OfColumn):
    """A figure that only numbers have."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs numbers."""
        return None if is_numeric(kind) else "numbers"


class ColumnMeanToBeBetween(OfNumbers):
    """The mean of a column of numbers."""

    expect: Literal["column_mean_to_be_between"] = "column_mean_to_be_between"


class ColumnMedianToBeBetween(OfNumbers):
    """The median of a column of numbers; of an even count, the mean of the middle two."""

    expect: Literal["column_median_to_be_between"] = "column_median_to_be_between"


class ColumnStdevToBeBetween(OfNumbers):
    """The sample standard deviation (divisor n - 1); fails for fewer than two values."""

    expect: Literal["column_stdev_to_be_between"] = "column_stdev_to_be_between"


class ColumnSumToBeBetween(OfNumbers):
    """The sum of a column of numbers."""

    expect: Literal["column_sum_to_be_between"] = "column_sum_to_be_between"


class OfExtreme(Bounded, OfColumn):
    """The smallest or largest value, of any ordered type."""

    def misfit(self, kind: str) -> str | None:
        """Return what the bounds need."""
        return unordered(self, kind)


class ColumnMinToBeBetween(OfExtreme):
    """The smallest value."""

    expect: Literal["column_min_to_be_between"] = "column_min_to_be_between"


class ColumnMaxToBeBetween(OfExtreme):
    """The largest value."""

    expect: Literal["column_max_to_be_between"] = "column_max_to_be_between"


class ColumnProportionOfNonNullValuesToBeBetween(Proportion, OfColumn):
    """The number of values that are there, divided by that of rows; 0 without rows, as in Great Expectations."""

    expect: Literal["column_proportion_of_non_null_values_to_be_between"] = (
        "column_proportion_of_non_null_values_to_be_between"
    )
