"""Checks that a user writes as a function."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.checks.base import BaseCheck, ColumnName, Share
from mlopsc.vocabulary.names import FunctionReference


class PythonFunction(BaseCheck):
    """A function `f(table, **args)` of a pandas frame says whether the table is right; `expect` may be left out.

    It returns whether the check passes; or that and a message; or a boolean series or array, true for each row that is
    unexpected, whose rows are counted, shown with their keys and can be put aside. Another result, and an exception,
    fail the check.
    """

    expect: Literal["python_function"] = "python_function"
    python: FunctionReference
    """The function, `package.module:function`."""
    args: dict[str, Any] = {}
    """Keyword arguments of the function."""
    column_list: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    """The columns that the function is given, in this order; without it, all. Others are not read."""
    mostly: Share = 1.0
    """The least share of the rows that must pass, where the function tells which do not."""
    by_row: ClassVar[bool] = True

    @model_validator(mode="after")
    def _each_once(self) -> "PythonFunction":
        if self.column_list is not None and len({*self.column_list}) < len(self.column_list):
            raise ValueError("`column_list` names a column twice")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return the columns that it is given, where they are named."""
        return self.column_list or ()

    def functions(self) -> tuple[str, ...]:
        """Return the function."""
        return (self.python,)

    def called(self) -> str | None:
        """Return its name, or else the function."""
        return self.name or self.python
