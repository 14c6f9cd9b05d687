"""The entry of a dataset as a file of data suggests it: source, key, event time, columns, checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.contract import ENOUGH, least_rows, propose
from mlopsc.profiling.keys import find_key
from mlopsc.profiling.names import names_identifier
from mlopsc.profiling.table import Table
from mlopsc.profiling.times import EventTime, find_event_time, find_hour, measure_event_time
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import FileSource

NONE = "none"
_WIDE, _CHECKED = 100, 6
_NAMED_KEY = "--key"


@dataclass(frozen=True)
class Wishes:
    """What the user says instead of having it inferred. `none` says that there is none."""

    key: tuple[str, ...] = ()
    time: str | None = None
    regression: bool | None = None


@dataclass(frozen=True)
class Origin:
    """Where the data are from: how the user wrote it, as a source, and what means null in it."""

    written: str
    source: FileSource
    nulls: Mapping[str, Sequence[str]]
    """Text that means null → columns that it occurs in."""


@dataclass(frozen=True)
class Proposal:
    """The entry before it is text."""

    name: str
    origin: Origin
    rows: int
    profiles: Mapping[str, ColumnProfile]
    """Every column of the file."""
    primary_key: tuple[str, ...] | None
    event_time: EventTime | None
    hour: str | None
    """The column that holds the hour, where the event time is a date."""
    columns: Mapping[str, Column]
    checks: tuple[Mapping[str, Any], ...]

    @property
    def width(self) -> int:
        """How many columns the file has."""
        return len(self.profiles)


def propose_dataset(
    table: Table,
    columns: Mapping[str, ColumnProfile],
    wishes: Wishes,
    *,
    name: str,
    origin: Origin,
    label: str | None = None,
    everything: bool = False,
) -> Proposal:
    """Return what the profile `columns` of a table suggests; the label is neither key nor time.

    Of a wide table only label, key and event time are declared, unless `everything` shall be. Raises UsageError for a
    key or time that is not there or cannot be one.
    """
    key = _key(table, columns, label, wishes)
    time = _event_time(table, columns, label, wishes)
    growing = _growing(table, columns, time)
    required = {*key, *([label] if label else []), *([time.name] if time else [])}
    contract = {
        one.name: _declared(
            one, key, propose(one, required=one.name in required, growing=one.name in growing)
        )
        for one in columns.values()
        if everything or len(columns) <= _WIDE or one.name in required
    }
    return Proposal(
        name=name,
        origin=origin,
        rows=table.rows,
        profiles=columns,
        primary_key=key or None,
        event_time=time,
        hour=find_hour(columns) if time and columns[time.name].type == "date" else None,
        columns=contract,
        checks=({"expect": "table_row_count_to_be_between", "min_value": least_rows(table.rows)},),
    )


def _declared(one: ColumnProfile, key: tuple[str, ...], column: Column) -> Column:
    """Add that an identifier beside the primary key is unique; other values may be different by chance."""
    if one.unique and one.filled >= ENOUGH and names_identifier(one.name) and key != (one.name,):
        return column.model_copy(update={"unique": True})
    return column


def sparse_checks(proposal: Proposal, among: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    """Return checks that warn when columns with some null values have many more of them."""
    sparse = [
        proposal.profiles[name]
        for name in among
        if 0.01 <= proposal.profiles[name].null_share <= 0.5 and name in proposal.columns
    ]
    return tuple(
        {
            "expect": "column_values_to_not_be_null",
            "column": one.name,
            "mostly": int((1 - 1.5 * one.null_share) * 20) / 20,
            "on_failure": "warn",
        }
        for one in sparse[:_CHECKED]
    )


def require_column(table: Table, name: str, option: str) -> None:
    """Raise UsageError when the table has no column that an option names."""
    if name not in table.types:
        few = did_you_mean(name, table.types, noun="its columns are")
        raise UsageError(
            f"{option} {name!r}: there is no such column", help=few or f"it has {len(table.types)} columns"
        )


def _key(
    table: Table, columns: Mapping[str, ColumnProfile], label: str | None, wishes: Wishes
) -> tuple[str, ...]:
    if not wishes.key:
        return find_key(table, columns, label=label) or ()
    if wishes.key == (NONE,) and NONE not in columns:
        return ()
    for name in wishes.key:
        require_column(table, name, _NAMED_KEY)
        if columns[name].nulls:
            raise UsageError(f"--key {name}: {columns[name].nulls:,} rows have no value in it")
    from sqlglot import exp

    row = exp.func("row", *(column(name) for name in wishes.key))
    different = int(table.ask(fragment("count(distinct $r)", r=row))[0])
    if different < table.rows:
        raise UsageError(
            f"--key {', '.join(wishes.key)}: {table.rows:,} rows have {different:,} different values",
            help="expected columns that together tell every two rows apart",
        )
    return wishes.key


def _event_time(
    table: Table, columns: Mapping[str, ColumnProfile], label: str | None, wishes: Wishes
) -> EventTime | None:
    if wishes.time is None:
        return find_event_time(table, {name: one for name, one in columns.items() if name != label})
    if wishes.time == NONE and NONE not in columns:
        return None
    require_column(table, wishes.time, "--time")
    one = columns[wishes.time]
    if one.type not in ("date", "timestamp") or not one.filled:
        example = f"; such as {one.values[0][0]!r}" if one.values else ""
        raise UsageError(
            f"--time {wishes.time}: it is {one.type}{example}",
            help="expected dates or timestamps such as 2024-05-31 or 2024-05-31T14:00:00Z",
        )
    return measure_event_time(table, one)


def _growing(table: Table, columns: Mapping[str, ColumnProfile], time: EventTime | None) -> set[str]:
    """Return columns of few values of which some came only in the later half: more will come."""
    few = [one for one in columns.values() if one.values is not None and len(one.values) <= 31]
    if time is None or not few:
        return set()
    moment = column(time.name)
    middle = table.ask(fragment("quantile_disc($x, 0.5)", x=moment))[0]
    early = [
        fragment("count(distinct $c) filter (where $x < $t)", c=column(one.name), x=moment, t=middle)
        for one in few
    ]
    return {one.name for one, seen in zip(few, table.ask(*early), strict=True) if seen < one.distinct}
