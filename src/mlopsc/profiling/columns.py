"""Columns one by one: nulls, different values, range, lengths, and what a text column nearly is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mlopsc.profiling.table import Table
from mlopsc.runtime.engine.statement import column, fragment, identifier, select
from mlopsc.vocabulary.columns import FLOATS, TEMPORAL, is_numeric

LISTED = 300
"""Columns with at most this many different values have all of them in their profile."""
_SURE = 0.9
_AT_ONCE = 40


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds."""

    name: str
    type: str
    rows: int
    nulls: int
    distinct: int
    """Different values; exact when they are listed or when `unique` is at stake, else within a few per cent."""
    unique: bool
    """Whether no value occurs twice."""
    low: Any = None
    high: Any = None
    """The range of numbers (finite ones), dates and times."""
    infinite: int = 0
    values: tuple[tuple[Any, int], ...] | None = None
    """Each value with its count, most frequent first; None when there are more than LISTED."""
    longest: int = 0
    """Characters of the longest text."""
    spaced: float = 0.0
    """Share of the texts with a blank inside."""
    numbers: int = 0
    """How many of the texts are numbers."""
    odd: str | None = None
    """The first text that is no number, when most are."""

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def null_share(self) -> float:
        """Share of rows without a value."""
        return self.nulls / self.rows if self.rows else 0.0


def profile_columns(table: Table) -> dict[str, ColumnProfile]:
    """Return the profile of each column, in the table's order."""
    names = list(table.types)
    found: dict[str, ColumnProfile] = {}
    for start in range(0, len(names), _AT_ONCE):
        found |= _measured(table, names[start : start + _AT_ONCE])
    return found


def _measured(table: Table, names: Sequence[str]) -> dict[str, ColumnProfile]:
    asked = [part for name in names for part in _aggregates(name, table.types[name])]
    answer = table.ask(*asked)
    width = len(asked) // len(names)
    return {
        name: _profile(table, name, answer[number * width : (number + 1) * width])
        for number, name in enumerate(names)
    }


def _aggregates(name: str, type_: str) -> list[exp.Expr]:
    """Return filled, about distinct, low, high, infinite, longest, spaced, numbers: the same for every type."""
    value, nothing = column(name), exp.null()
    if type_ in ("nested", "binary"):
        return [fragment("count($x)", x=value), *[nothing] * 7]
    ranged = is_numeric(type_) or type_ in TEMPORAL
    finite = fragment("isfinite($x)", x=value) if type_ in FLOATS else exp.true()
    is_text = type_ == "string"
    return [
        fragment("count($x)", x=value),
        fragment("approx_count_distinct($x)", x=value),
        fragment("min($x) filter (where $f)", x=value, f=finite) if ranged else nothing,
        fragment("max($x) filter (where $f)", x=value, f=finite) if ranged else nothing,
        fragment("count(*) filter (where isinf($x))", x=value) if type_ in FLOATS else nothing,
        fragment("max(length($x))", x=value) if is_text else nothing,
        fragment("count(*) filter (where contains(trim($x), ' '))", x=value) if is_text else nothing,
        fragment("count(try_cast($x as double))", x=value) if is_text else nothing,
    ]


def _profile(table: Table, name: str, answer: Sequence[Any]) -> ColumnProfile:
    filled, about, low, high, infinite, longest, spaced, numbers = answer
    type_ = table.types[name]
    if about is None:
        return ColumnProfile(name, type_, table.rows, table.rows - filled, filled, unique=False)
    value, distinct, values = column(name), int(about), None
    if distinct <= LISTED * 2:
        values = _values(table, name)
        distinct = distinct if values is None else len(values)
    unique = False
    if distinct >= _SURE * filled:
        distinct = int(table.ask(fragment("count(distinct $x)", x=value))[0])
        unique = distinct == filled and filled > 0
    numeric_texts = int(numbers or 0)
    return ColumnProfile(
        name,
        type_,
        table.rows,
        table.rows - filled,
        distinct,
        unique,
        low,
        high,
        int(infinite or 0),
        values,
        int(longest or 0),
        (spaced or 0) / filled if filled else 0.0,
        numeric_texts,
        _odd(table, name) if filled * 0.5 < numeric_texts < filled else None,
    )


def _values(table: Table, name: str) -> tuple[tuple[Any, int], ...] | None:
    value = column(name)
    query = (
        select(value, fragment("count(*) as n"), source=exp.table_(identifier(table.name)))
        .where(fragment("$x is not null", x=value))
        .group_by(value)
        .order_by(exp.Ordered(this=column("n"), desc=True), value.copy())
        .limit(LISTED + 1)
    )
    rows = table.query(query)
    return None if len(rows) > LISTED else tuple((value, int(count)) for value, count in rows)


def _odd(table: Table, name: str) -> str:
    value = column(name)
    where = fragment("try_cast($x as double) is null", x=value)
    return str(table.ask(fragment("min($x)", x=value), where=where)[0])
