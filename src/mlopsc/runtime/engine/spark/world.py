"""What translating a statement needs of the open engine."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError


class Untranslatable(MlopscError):
    """A part of a statement for which Spark has nothing of the same meaning."""

    def __init__(self, what: str, *, help: str | None = None) -> None:
        super().__init__(f"the Spark engine cannot compute {what}", help=help)


class World(Protocol):
    """Tables, types and functions of an open Spark engine."""

    def type_of(self, node: exp.Expr) -> str:
        """Return DuckDB's type of an expression where it stands."""
        ...

    def columns_of(self, select: exp.Select) -> list[str]:
        """Return the names of all columns of what a SELECT reads from."""
        ...

    def constant(self, node: exp.Expr, storage: str) -> Any:
        """Return the value of an expression without columns."""
        ...

    def function(self, expression: str, kinds: Sequence[str], kind: str) -> str:
        """Return Spark's name for DuckDB's expression over the arguments `a0`, `a1`, …."""
        ...

    def files(self, paths: Sequence[str], *, rows: bool) -> str:
        """Return the name of the view of Parquet files, with `file_row_number` if asked for."""
        ...
