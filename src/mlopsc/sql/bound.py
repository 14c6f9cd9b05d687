"""What is known of a sound expression or query: its types, and the columns it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from mlopsc.sql.beyond import Source


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
class OtherRows:
    """A construct, at a place in the SQL text (in characters), by which a value takes in other rows than those before.

    `later` looks at rows that follow in `order`, at most `reach` ahead where that is known; `all` at every row of the
    table, or of a `partition`.
    """

    kind: Literal["later", "all"]
    words: str
    order: frozenset[Source]
    partition: frozenset[Source]
    reach: timedelta | None
    offset_chars: int
    length_chars: int


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A sound SELECT.

    `columns` are the output columns with their DuckDB types, in order; `tables` the declared tables that it
    reads, sorted; `lineage` the base columns that each output column is computed from (all columns of all
    tables it reads where that cannot be told); `order_dependent` the constructs whose result hangs on the
    order of rows, in words; `other_rows` what makes a value of an output column depend on other rows than those
    before its own; `beginnings` the output columns that are the beginning of a stretch of time in which rows are
    aggregated, with its length where that is known.
    """

    columns: Mapping[str, str]
    tables: tuple[str, ...]
    lineage: Mapping[str, frozenset[Source]]
    order_dependent: tuple[str, ...]
    other_rows: Mapping[str, tuple[OtherRows, ...]] = field(default_factory=dict)
    beginnings: Mapping[str, timedelta | None] = field(default_factory=dict)
