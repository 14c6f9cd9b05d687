"""Checks of a table, with the names, arguments and meaning of Great Expectations, without `expect_`.

Nulls: a check of a column's values looks at the values that are there; `mostly` is the least share of those
that must pass, and no values pass. NaN counts as null. Aggregates of no values fail, but for the sum, which
is 0.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.columns import Bound, ColumnType, Member, Regex, ordered

Severity = Literal["error", "warn"]
ColumnName = Annotated[str, StringConstraints(min_length=1)]
ColumnNames = Annotated[tuple[ColumnName, ...], Field(min_length=2)]


class _Check(Frozen):
    severity: Severity = "error"
    """`error` stops what follows, `warn` is reported."""
    name: str | None = None
    """What the report calls it."""
    description: str | None = None
    """For readers."""


class _Values(_Check):
    column: ColumnName
    """The column whose values are judged one by one."""
    mostly: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The least share of the values that must pass."""


class _Bounded(_Check):
    min_value: Bound | None = None
    """The lower bound; itself allowed unless `strict_min`."""
    max_value: Bound | None = None
    """The upper bound; itself allowed unless `strict_max`."""
    strict_min: bool = False
    """Whether the lower bound itself is not allowed."""
    strict_max: bool = False
    """Whether the upper bound itself is not allowed."""

    @model_validator(mode="after")
    def _sensible(self) -> "_Bounded":
        if self.min_value is None and self.max_value is None:
            raise ValueError("needs `min_value`, `max_value` or both")
        if self.strict_min and self.min_value is None:
            raise ValueError("`strict_min` without `min_value`")
        if self.strict_max and self.max_value is None:
            raise ValueError("`strict_max` without `max_value`")
        if self.min_value is not None and self.max_value is not None:
            order = ordered(self.min_value, self.max_value)
            if order > 0:
                raise ValueError(
                    f"`min_value` {self.min_value!r} is greater than `max_value` {self.max_value!r}"
                )
            if order == 0 and (self.strict_min or self.strict_max):
                raise ValueError(
                    f"nothing is strictly between {self.min_value!r} and itself: drop the strict bounds"
                )
        return self


class _NumberBounded(_Bounded):
    @model_validator(mode="after")
    def _numbers(self) -> "_NumberBounded":
        for key, bound in (("min_value", self.min_value), ("max_value", self.max_value)):
            if isinstance(bound, str):
                raise ValueError(f"`{key}` must be a number, found {bound!r}")
        return self


class _Counted(_NumberBounded):
    @model_validator(mode="after")
    def _counts(self) -> "_Counted":
        for key, bound in (("min_value", self.min_value), ("max_value", self.max_value)):
            if bound is not None and (not isinstance(bound, int) or bound < 0):
                raise ValueError(f"`{key}` is a count: expected a whole number from 0, found {bound!r}")
        return self


class TableRowCountToBeBetween(_Counted):
    """The number of rows."""

    expect: Literal["table_row_count_to_be_between"] = "table_row_count_to_be_between"


class TableRowCountToEqual(_Check):
    """The number of rows is exactly `value`."""

    expect: Literal["table_row_count_to_equal"] = "table_row_count_to_equal"
    value: Annotated[int, Field(ge=0)]


class TableColumnsToMatchSet(_Check):
    """The table has the columns of a set, in any order."""

    expect: Literal["table_columns_to_match_set"] = "table_columns_to_match_set"
    column_set: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    exact_match: bool = True
    """Whether other columns are not allowed."""


class ColumnToExist(_Check):
    """The table has the column, at `column_index` (from 0) where that is given."""

    expect: Literal["column_to_exist"] = "column_to_exist"
    column: ColumnName
    column_index: Annotated[int, Field(ge=0)] | None = None


class ColumnValuesToNotBeNull(_Values):
    """Values are there; `mostly` is a share of all rows."""

    expect: Literal["column_values_to_not_be_null"] = "column_values_to_not_be_null"


class ColumnValuesToBeNull(_Values):
    """No values are there; `mostly` is a share of all rows."""

    expect: Literal["column_values_to_be_null"] = "column_values_to_be_null"


class ColumnValuesToBeOfType(_Values):
    """The column's type; a column of mixed Python objects is judged value by value."""

    expect: Literal["column_values_to_be_of_type"] = "column_values_to_be_of_type"
    type_: ColumnType


class ColumnValuesToBeBetween(_Bounded, _Values):
    """Values lie between bounds: numbers, or texts for strings (code points), dates, times and timestamps."""

    expect: Literal["column_values_to_be_between"] = "column_values_to_be_between"


class _InSet(_Values):
    value_set: Annotated[tuple[Member, ...], Field(min_length=1)]


class ColumnValuesToBeInSet(_InSet):
    """Values are members of a set."""

    expect: Literal["column_values_to_be_in_set"] = "column_values_to_be_in_set"


class ColumnValuesToNotBeInSet(_InSet):
    """Values are no members of a set."""

    expect: Literal["column_values_to_not_be_in_set"] = "column_values_to_not_be_in_set"


class ColumnValuesToBeUnique(_Values):
    """No value occurs twice; of a value that does, every occurrence is unexpected."""

    expect: Literal["column_values_to_be_unique"] = "column_values_to_be_unique"


class _Matching(_Values):
    regex: Regex


class ColumnValuesToMatchRegex(_Matching):
    """The expression (RE2) is found anywhere in each value; anchor it with ^ and $. Numbers match as text."""

    expect: Literal["column_values_to_match_regex"] = "column_values_to_match_regex"


class ColumnValuesToNotMatchRegex(_Matching):
    """The expression (RE2) is found nowhere in any value."""

    expect: Literal["column_values_to_not_match_regex"] = "column_values_to_not_match_regex"


class ColumnValueLengthsToBeBetween(_Counted, _Values):
    """The number of characters (code points) of strings."""

    expect: Literal["column_value_lengths_to_be_between"] = "column_value_lengths_to_be_between"


class ColumnMeanToBeBetween(_NumberBounded):
    """The mean of a column of numbers."""

    expect: Literal["column_mean_to_be_between"] = "column_mean_to_be_between"
    column: ColumnName


class ColumnMedianToBeBetween(_NumberBounded):
    """The median of a column of numbers; of an even count, the mean of the middle two."""

    expect: Literal["column_median_to_be_between"] = "column_median_to_be_between"
    column: ColumnName


class ColumnStdevToBeBetween(_NumberBounded):
    """The sample standard deviation (divisor n - 1); fails for fewer than two values."""

    expect: Literal["column_stdev_to_be_between"] = "column_stdev_to_be_between"
    column: ColumnName


class ColumnSumToBeBetween(_NumberBounded):
    """The sum of a column of numbers."""

    expect: Literal["column_sum_to_be_between"] = "column_sum_to_be_between"
    column: ColumnName


class ColumnMinToBeBetween(_Bounded):
    """The smallest value."""

    expect: Literal["column_min_to_be_between"] = "column_min_to_be_between"
    column: ColumnName


class ColumnMaxToBeBetween(_Bounded):
    """The largest value."""

    expect: Literal["column_max_to_be_between"] = "column_max_to_be_between"
    column: ColumnName


class ColumnUniqueValueCountToBeBetween(_Counted):
    """The number of different values."""

    expect: Literal["column_unique_value_count_to_be_between"] = "column_unique_value_count_to_be_between"
    column: ColumnName


class CompoundColumnsToBeUnique(_Check):
    """No combination of values occurs twice; of one that does, every occurrence is unexpected."""

    expect: Literal["compound_columns_to_be_unique"] = "compound_columns_to_be_unique"
    column_list: ColumnNames
    mostly: Annotated[float, Field(ge=0, le=1)] = 1.0
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = (
        "all_values_are_missing"
    )
    """Which rows do not count. In those that do, a null equals a null."""

    @model_validator(mode="after")
    def _different(self) -> "CompoundColumnsToBeUnique":
        if len(set(self.column_list)) < len(self.column_list):
            raise ValueError(f"`column_list` names a column twice: {', '.join(self.column_list)}")
        return self


class ColumnPairValuesAToBeGreaterThanB(_Check):
    """In each row the value of A is greater than that of B; a row with one of them null is unexpected."""

    expect: Literal["column_pair_values_a_to_be_greater_than_b"] = "column_pair_values_a_to_be_greater_than_b"
    column_A: ColumnName
    column_B: ColumnName
    or_equal: bool = False
    """Whether equal values pass."""
    mostly: Annotated[float, Field(ge=0, le=1)] = 1.0
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = (
        "both_values_are_missing"
    )
    """Which rows do not count."""

    @model_validator(mode="after")
    def _different(self) -> "ColumnPairValuesAToBeGreaterThanB":
        if self.column_A == self.column_B:
            raise ValueError(f"`column_A` and `column_B` are both {self.column_A!r}")
        return self


class UnexpectedRows(_Check):
    """A SELECT that finds the rows which should not be there; `{batch}` in it is the table."""

    expect: Literal["unexpected_rows"] = "unexpected_rows"
    unexpected_rows_query: Annotated[str, StringConstraints(min_length=1)]

    @model_validator(mode="after")
    def _names_batch(self) -> "UnexpectedRows":
        if "{batch}" not in self.unexpected_rows_query:
            raise ValueError("`unexpected_rows_query` must select from `{batch}`, which stands for the table")
        return self


_AnyCheck = (
    TableRowCountToBeBetween
    | TableRowCountToEqual
    | TableColumnsToMatchSet
    | ColumnToExist
    | ColumnValuesToNotBeNull
    | ColumnValuesToBeNull
    | ColumnValuesToBeOfType
    | ColumnValuesToBeBetween
    | ColumnValuesToBeInSet
    | ColumnValuesToNotBeInSet
    | ColumnValuesToBeUnique
    | ColumnValuesToMatchRegex
    | ColumnValuesToNotMatchRegex
    | ColumnValueLengthsToBeBetween
    | ColumnMeanToBeBetween
    | ColumnMedianToBeBetween
    | ColumnStdevToBeBetween
    | ColumnSumToBeBetween
    | ColumnMinToBeBetween
    | ColumnMaxToBeBetween
    | ColumnUniqueValueCountToBeBetween
    | CompoundColumnsToBeUnique
    | ColumnPairValuesAToBeGreaterThanB
    | UnexpectedRows
)
Check = Annotated[_AnyCheck, Field(discriminator="expect")]
"""Any check."""

CHECK: TypeAdapter[_AnyCheck] = TypeAdapter(Check)
"""Reads any check."""

CHECK_NAMES: tuple[str, ...] = tuple(
    str(model.model_fields["expect"].default) for model in get_args(_AnyCheck)
)
"""The names that `expect` may have."""


def columns_of(check: Check) -> tuple[str, ...]:
    """Return the columns that a check names, without those inside SQL."""
    match check:
        case CompoundColumnsToBeUnique():
            return check.column_list
        case ColumnPairValuesAToBeGreaterThanB():
            return (check.column_A, check.column_B)
        case TableColumnsToMatchSet():
            return check.column_set
        case TableRowCountToBeBetween() | TableRowCountToEqual() | UnexpectedRows():
            return ()
        case _:
            return (check.column,)
