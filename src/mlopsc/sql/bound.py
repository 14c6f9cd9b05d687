"""What is known of a sound expression or query: its types, and the columns it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlopsc.sql.lineage import Source


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A reference to a column, at a place in the SQL text (in characters)."""

    table: str
    column: str
    offset_chars: int
    length_chars: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A sound expression: its DuckDB type (`BOOLEAN`, `DECIMAL(18,3)`, …) and its columns, in order."""

    type: str
    columns: tuple[ColumnUse, ...]


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A sound SELECT.

    `columns` are the output columns with their DuckDB types, in order; `tables` the declared tables that it
    reads, sorted; `lineage` the base columns that each output column is computed from (all columns of all
    tables it reads where that cannot be told); `order_dependent` the constructs whose result hangs on the
    order of rows, in words.
    """

    columns: Mapping[str, str]
    tables: tuple[str, ...]
    lineage: Mapping[str, frozenset[Source]]
    order_dependent: tuple[str, ...]
