"""The primary key: one column that tells the rows apart, or else two or three that do together."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import prod

from sqlglot import exp

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.names import names_identifier
from mlopsc.profiling.table import Table
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.columns import TEMPORAL, is_integer

_PARTS, _TRIED = 8, 60
_FEW = 100


def find_key(
    table: Table, columns: Mapping[str, ColumnProfile], *, label: str | None = None
) -> tuple[str, ...] | None:
    """Return the columns of the primary key, or None where nothing looks like one.

    That values happen to be different is not enough: a number is a key when its name says so, when it counts the rows,
    or when it comes first; a measurement never is. The label is none.
    """
    others = [one for one in columns.values() if one.name != label and not one.nulls and one.filled > 1]
    single = [one for one in others if one.unique and _identifies(one, first=one.name == next(iter(columns)))]
    if single:
        return (min(single, key=lambda one: (not names_identifier(one.name), one.type in TEMPORAL)).name,)
    for names in _together(others):
        if _unique(table, names):
            return names
    return None


def _identifies(one: ColumnProfile, *, first: bool) -> bool:
    if one.type == "string":
        return one.spaced < 0.1 and one.longest <= 64
    if one.type in TEMPORAL:
        return True
    if not is_integer(one.type):
        return False
    counts = one.high - one.low < 2 * one.rows
    return names_identifier(one.name) or (one.rows >= _FEW and (counts or first))


def _together(columns: Sequence[ColumnProfile]) -> Iterator[tuple[str, ...]]:
    """Yield pairs, then triples, with the fewest possible combinations first: those are the least by chance."""
    times = [one for one in columns if one.type in ("date", "timestamp") and one.distinct > 1]
    named = [one for one in columns if one not in times and one.distinct > 1 and _could_be_part(one)]
    parts = [*times, *sorted(named, key=lambda one: not names_identifier(one.name))][:_PARTS]
    for size in (2, 3):
        some = [
            group
            for group in combinations(parts, size)
            if sum(one in times for one in group) < 2
            and any(names_identifier(one.name) or (size == 2 and one in times) for one in group)
            and prod(one.distinct for one in group) >= group[0].rows
        ]
        some.sort(key=lambda group: prod(one.distinct for one in group))
        yield from (tuple(one.name for one in group) for group in some[:_TRIED])


def _could_be_part(one: ColumnProfile) -> bool:
    if names_identifier(one.name):
        return one.type == "string" or is_integer(one.type)
    return one.type == "string" and one.spaced < 0.1 and one.longest <= 32 and one.values is not None


def _unique(table: Table, names: Sequence[str]) -> bool:
    row = exp.func("row", *(column(name) for name in names))
    about = int(table.ask(fragment("approx_count_distinct($r)", r=row))[0])
    if about < 0.9 * table.rows:
        return False
    return int(table.ask(fragment("count(distinct $r)", r=row))[0]) == table.rows
