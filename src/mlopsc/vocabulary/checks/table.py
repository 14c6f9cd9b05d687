"""Checks of a table: its rows and columns."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlopsc.vocabulary.checks.base import BaseCheck, ColumnName, OfColumn
from mlopsc.vocabulary.checks.bounds import Counted


class TableRowCountToBeBetween(Counted):
    """The number of rows."""

    expect: Literal["table_row_count_to_be_between"] = "table_row_count_to_be_between"


class TableRowCountToEqual(BaseCheck):
    """The number of rows is exactly `value`."""

    expect: Literal["table_row_count_to_equal"] = "table_row_count_to_equal"
    value: Annotated[int, Field(ge=0)]


class TableColumnsToMatchSet(BaseCheck):
    """The table has the columns of a set, in any order."""

    expect: Literal["table_columns_to_match_set"] = "table_columns_to_match_set"
    column_set: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    exact_match: bool = True
    """Whether other columns are not allowed."""
    reads: ClassVar[bool] = False

    def columns(self) -> tuple[str, ...]:
        """Return the set."""
        return self.column_set


class ColumnToExist(OfColumn):
    """The table has the column, at `column_index` (from 0) where that is given."""

    expect: Literal["column_to_exist"] = "column_to_exist"
    column_index: Annotated[int, Field(ge=0)] | None = None
    reads: ClassVar[bool] = False
