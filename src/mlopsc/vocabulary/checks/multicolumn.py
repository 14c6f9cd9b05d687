"""Checks of several columns together, row by row."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.checks.base import BaseCheck, ColumnName, ColumnNames, Share
from mlopsc.vocabulary.columns import Member, is_numeric

PairIgnored = Literal["both_values_are_missing", "either_value_is_missing", "neither"]
RowIgnored = Literal["all_values_are_missing", "any_value_is_missing", "never"]
Cell = Member | None


class OfRows(BaseCheck):
    """A check that judges rows one by one."""

    mostly: Share = 1.0
    """The least share of the rows that must pass."""
    by_row: ClassVar[bool] = True


class OfColumns(OfRows):
    """A check of rows by several columns."""

    column_list: ColumnNames
    """The columns."""
    ignore_row_if: RowIgnored = "all_values_are_missing"
    """Which rows do not count."""

    @model_validator(mode="after")
    def _different(self) -> "OfColumns":
        if len(set(self.column_list)) < len(self.column_list):
            raise ValueError(f"`column_list` names a column twice: {', '.join(self.column_list)}")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the list."""
        return self.column_list


class CompoundColumnsToBeUnique(OfColumns):
    """No combination of values occurs twice; of one that does, every occurrence is unexpected.

    In the rows that count, a null equals a null.
    """

    expect: Literal["compound_columns_to_be_unique"] = "compound_columns_to_be_unique"


class SelectColumnValuesToBeUniqueWithinRecord(OfColumns):
    """In each row all values are different; in the rows that count, a null equals a null."""

    expect: Literal["select_column_values_to_be_unique_within_record"] = (
        "select_column_values_to_be_unique_within_record"
    )


class MulticolumnValuesToBeEqual(OfColumns):
    """In each row all values are equal; in the rows that count, a null equals a null and nothing else."""

    expect: Literal["multicolumn_values_to_be_equal"] = "multicolumn_values_to_be_equal"


class MulticolumnSumToEqual(OfColumns):
    """In each row the sum is `sum_total`; a row in which one of the values is null, and that counts, is unexpected.

    Integers and decimals are summed exactly; where one column holds floats, all are summed as floats, from left to
    right, and compared exactly, as in Great Expectations.
    """

    expect: Literal["multicolumn_sum_to_equal"] = "multicolumn_sum_to_equal"
    sum_total: float
    """The sum."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs numbers."""
        return None if is_numeric(kind) else "numbers"


class OfPair(OfRows):
    """A check of rows by two columns."""

    column_A: ColumnName
    """The first column."""
    column_B: ColumnName
    """The second column."""
    ignore_row_if: PairIgnored = "both_values_are_missing"
    """Which rows do not count."""

    @model_validator(mode="after")
    def _different(self) -> "OfPair":
        if self.column_A == self.column_B:
            raise ValueError(f"`column_A` and `column_B` are both {self.column_A!r}")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return both."""
        return (self.column_A, self.column_B)


class ColumnPairValuesToBeEqual(OfPair):
    """In each row both values are equal; a row that counts and has a null is unexpected."""

    expect: Literal["column_pair_values_to_be_equal"] = "column_pair_values_to_be_equal"


class ColumnPairValuesAToBeGreaterThanB(OfPair):
    """In each row the value of A is greater than that of B; a row that counts and has a null is unexpected."""

    expect: Literal["column_pair_values_a_to_be_greater_than_b"] = "column_pair_values_a_to_be_greater_than_b"
    or_equal: bool = False
    """Whether equal values pass."""


class ColumnPairValuesToBeInSet(OfPair):
    """In each row the pair of values is one of a set of pairs, in which null stands for a value that is missing."""

    expect: Literal["column_pair_values_to_be_in_set"] = "column_pair_values_to_be_in_set"
    value_pairs_set: Annotated[
        tuple[Annotated[tuple[Cell, ...], Field(min_length=2, max_length=2)], ...], Field(min_length=1)
    ]
    """The pairs, each a list of two."""
