"""Checks that judge a column's values one by one: whether there are any, of which type, which, and how often."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlopsc.vocabulary.checks.base import OfColumn, OfValues
from mlopsc.vocabulary.checks.bounds import Bounded, unordered
from mlopsc.vocabulary.checks.types import NamedType
from mlopsc.vocabulary.columns import TEMPORAL, Member, fits, is_numeric


class ColumnValuesToNotBeNull(OfValues):
    """Values are there; `mostly` is a share of all rows. NaN counts as null."""

    expect: Literal["column_values_to_not_be_null"] = "column_values_to_not_be_null"


class ColumnValuesToBeNull(OfValues):
    """No values are there; `mostly` is a share of all rows. NaN counts as null."""

    expect: Literal["column_values_to_be_null"] = "column_values_to_be_null"


class ColumnValuesToBeOfType(OfValues):
    """The column is of the type, or all its values fit it; a column of mixed Python objects is judged value by value.

    As in Great Expectations, `int` is `int64` and `float` is `float64`; names of NumPy, pandas and SQL are
    understood where they name one type. Other than there, values of another type may fit: floats that are whole are
    integers, and no values are of any type; `column_type_to_be` looks at the column's type alone.
    """

    expect: Literal["column_values_to_be_of_type"] = "column_values_to_be_of_type"
    type_: NamedType
    """The type, such as `int64`."""
    by_row: ClassVar[bool] = False  # a type is that of the whole column


class ColumnValuesToBeInTypeList(OfValues):
    """The column is of one of the types, or all its values fit one of them."""

    expect: Literal["column_values_to_be_in_type_list"] = "column_values_to_be_in_type_list"
    type_list: Annotated[tuple[NamedType, ...], Field(min_length=1)]
    """The types."""
    by_row: ClassVar[bool] = False


class ColumnTypeToBe(OfColumn):
    """The column's type is exactly this one, whatever its values would fit."""

    expect: Literal["column_type_to_be"] = "column_type_to_be"
    type_: NamedType
    """The type, such as `int64`."""


class ColumnValuesToBeBetween(Bounded, OfValues):
    """Values lie between bounds: numbers, or texts for strings (code points), dates, times and timestamps."""

    expect: Literal["column_values_to_be_between"] = "column_values_to_be_between"

    def misfit(self, kind: str) -> str | None:
        """Return what the bounds need."""
        return unordered(self, kind)


class OfSet(OfColumn):
    """A check against a set of values."""

    value_set: Annotated[tuple[Member, ...], Field(min_length=1)]
    """The values."""

    def misfit(self, kind: str) -> str | None:
        """Return the first member that no value of the type can equal."""
        odd = next((value for value in self.value_set if not fits(value, kind)), None)
        return None if odd is None else f"values of its column's type, {odd!r} is none"


class ColumnValuesToBeInSet(OfSet, OfValues):
    """Values are members of a set."""

    expect: Literal["column_values_to_be_in_set"] = "column_values_to_be_in_set"


class ColumnValuesToNotBeInSet(OfSet, OfValues):
    """Values are no members of a set."""

    expect: Literal["column_values_to_not_be_in_set"] = "column_values_to_not_be_in_set"


class ColumnValuesToBeUnique(OfValues):
    """No value occurs twice; of a value that does, every occurrence is unexpected."""

    expect: Literal["column_values_to_be_unique"] = "column_values_to_be_unique"


class OfOrder(OfValues):
    """A check of each value against the one before it; nulls are left out first, and the first value passes."""

    strictly: bool = False
    """Whether equal neighbours are unexpected."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs an order."""
        return None if is_numeric(kind) or kind in (*TEMPORAL, "string") else "an ordered type"


class ColumnValuesToBeIncreasing(OfOrder):
    """Each value is at least the one before it, in the order of the rows.

    As in Great Expectations, the value after an unexpected one is compared with that one, and an infinite value
    after an equal one passes even `strictly`.
    """

    expect: Literal["column_values_to_be_increasing"] = "column_values_to_be_increasing"


class ColumnValuesToBeDecreasing(OfOrder):
    """Each value is at most the one before it, in the order of the rows.

    As in Great Expectations, the value after an unexpected one is compared with that one, and an infinite value
    after an equal one passes even `strictly`.
    """

    expect: Literal["column_values_to_be_decreasing"] = "column_values_to_be_decreasing"


class OfDistance(OfValues):
    """A check of how far each number is from the others."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs numbers."""
        return None if is_numeric(kind) else "numbers"


class ColumnValueZScoresToBeLessThan(OfDistance):
    """Each value is less than `threshold` sample standard deviations (divisor n - 1) from the mean.

    A constant column, and one with fewer than two values, passes, as in Great Expectations.
    """

    expect: Literal["column_value_z_scores_to_be_less_than"] = "column_value_z_scores_to_be_less_than"
    threshold: float
    """How many standard deviations."""
    double_sided: bool = True
    """Whether values below the mean count too; the threshold's sign then makes no difference."""


class ColumnValuesToNotBeOutliers(OfDistance):
    """No value lies outside of what the others let expect.

    `iqr`: between the quartiles (interpolated), widened on either side by `multiplier` times their distance; a
    value on the fence passes. `std`: less than `multiplier` sample standard deviations from the mean; at the
    threshold itself it is unexpected, unless the threshold is 0. Without any spread to go by, values pass.
    """

    expect: Literal["column_values_to_not_be_outliers"] = "column_values_to_not_be_outliers"
    method: Literal["iqr", "std"] = "iqr"
    """What is measured against."""
    multiplier: Annotated[float, Field(ge=0)] = 1.5
    """How many quartile distances or standard deviations."""
