"""Checks of a table: its rows and columns."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.checks.base import BaseCheck, ColumnName, OfColumn
from mlopsc.vocabulary.checks.bounds import Counted

Count = Annotated[int, Field(ge=0)]


class TableRowCountToBeBetween(Counted):
    """The number of rows."""

    expect: Literal["table_row_count_to_be_between"] = "table_row_count_to_be_between"


class TableRowCountToEqual(BaseCheck):
    """The number of rows is exactly `value`."""

    expect: Literal["table_row_count_to_equal"] = "table_row_count_to_equal"
    value: Count
    """The number."""


class TableRowCountToEqualOtherTable(BaseCheck):
    """The number of rows is that of another dataset; `where` chooses rows of this one alone."""

    expect: Literal["table_row_count_to_equal_other_table"] = "table_row_count_to_equal_other_table"
    other_table_name: Annotated[str, Field(min_length=1)]
    """The other dataset."""

    def others(self) -> tuple[str, ...]:
        """Return the other dataset."""
        return (self.other_table_name,)


class OfTableColumns(BaseCheck):
    """A check of the columns that a table has, which no row can change."""

    reads: ClassVar[bool] = False

    @model_validator(mode="after")
    def _no_rows(self) -> "OfTableColumns":
        if self.where is not None or self.row_condition is not None:
            raise ValueError("it is about columns: which rows are chosen makes no difference")
        return self


class TableColumnCountToBeBetween(Counted, OfTableColumns):
    """The number of columns."""

    expect: Literal["table_column_count_to_be_between"] = "table_column_count_to_be_between"


class TableColumnCountToEqual(OfTableColumns):
    """The number of columns is exactly `value`."""

    expect: Literal["table_column_count_to_equal"] = "table_column_count_to_equal"
    value: Count
    """The number."""


class TableColumnsToMatchOrderedList(OfTableColumns):
    """The table has exactly these columns, in this order."""

    expect: Literal["table_columns_to_match_ordered_list"] = "table_columns_to_match_ordered_list"
    column_list: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    """The columns."""

    def columns(self) -> tuple[str, ...]:
        """Return the list."""
        return self.column_list


class TableColumnsToMatchSet(OfTableColumns):
    """The table has the columns of a set, in any order."""

    expect: Literal["table_columns_to_match_set"] = "table_columns_to_match_set"
    column_set: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    """The columns."""
    exact_match: bool = True
    """Whether other columns are not allowed."""

    def columns(self) -> tuple[str, ...]:
        """Return the set."""
        return self.column_set


class ColumnToExist(OfTableColumns, OfColumn):
    """The table has the column, at `column_index` (from 0) where that is given."""

    expect: Literal["column_to_exist"] = "column_to_exist"
    column_index: Count | None = None
    """Its position, from 0."""
