"""Checks of several columns together, row by row."""

from typing import Literal

from pydantic import model_validator

from mlopsc.vocabulary.checks.base import BaseCheck, ColumnName, ColumnNames, Share


class CompoundColumnsToBeUnique(BaseCheck):
    """No combination of values occurs twice; of one that does, every occurrence is unexpected."""

    expect: Literal["compound_columns_to_be_unique"] = "compound_columns_to_be_unique"
    column_list: ColumnNames
    mostly: Share = 1.0
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = (
        "all_values_are_missing"
    )
    """Which rows do not count. In those that do, a null equals a null."""

    @model_validator(mode="after")
    def _different(self) -> "CompoundColumnsToBeUnique":
        if len(set(self.column_list)) < len(self.column_list):
            raise ValueError(f"`column_list` names a column twice: {', '.join(self.column_list)}")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the list."""
        return self.column_list


class ColumnPairValuesAToBeGreaterThanB(BaseCheck):
    """In each row the value of A is greater than that of B; a row with one of them null is unexpected."""

    expect: Literal["column_pair_values_a_to_be_greater_than_b"] = "column_pair_values_a_to_be_greater_than_b"
    column_A: ColumnName
    column_B: ColumnName
    or_equal: bool = False
    """Whether equal values pass."""
    mostly: Share = 1.0
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = (
        "both_values_are_missing"
    )
    """Which rows do not count."""

    @model_validator(mode="after")
    def _different(self) -> "ColumnPairValuesAToBeGreaterThanB":
        if self.column_A == self.column_B:
            raise ValueError(f"`column_A` and `column_B` are both {self.column_A!r}")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return both."""
        return (self.column_A, self.column_B)
