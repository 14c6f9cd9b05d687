"""A source before the engine: what to select from, and what becomes of each cell."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class TypedTable:
    """A source before the engine: where to select from, and what each column's cells shall be."""

    source: exp.Expr
    cells: Mapping[str, exp.Expr]
    """Column → its typed value, null where the raw cell does not fit."""
    types: Mapping[str, str]
    """Column → the type that its cells shall have."""
