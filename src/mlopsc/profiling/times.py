"""The event time: the column that says when a row happened, and whether rows can be split by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.names import names_hour, time_rank
from mlopsc.profiling.table import Table
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.columns import is_integer
from mlopsc.vocabulary.time import parse_timestamp

NOT_TIME = 9
_ENOUGH = 10
"""Different times that a series has at least."""


@dataclass(frozen=True)
class EventTime:
    """When rows happened; instants are UTC."""

    name: str
    first: datetime
    last: datetime
    latest: float
    """Share of the rows from the time on at which the latest fifth begins: more when many rows share it."""

    @property
    def span(self) -> timedelta:
        """From the first row to the last."""
        return self.last - self.first


def find_event_time(table: Table, columns: Mapping[str, ColumnProfile]) -> EventTime | None:
    """Return the event time, or None where no date or timestamp looks like one.

    It is there in nearly every row and takes many values. Of several the likelier name is taken, then the earliest:
    what ends later was not known when it began.
    """
    some = [
        one
        for one in columns.values()
        if one.type in ("date", "timestamp")
        and one.distinct >= _ENOUGH
        and one.null_share < 0.01
        and time_rank(one.name) < NOT_TIME
    ]
    if not some:
        return None
    least = min(time_rank(one.name) for one in some)
    best = [one.name for one in some if time_rank(one.name) == least]
    if len(best) > 1:
        mean = [fragment("avg(epoch(cast($x as timestamp)))", x=column(name)) for name in best]
        best = [min(zip(table.ask(*mean), best, strict=True))[1]]
    return measure_event_time(table, columns[best[0]])


def measure_event_time(table: Table, chosen: ColumnProfile) -> EventTime:
    """Return a column of dates or timestamps as event time."""
    value = column(chosen.name)
    from_ = table.ask(fragment("quantile_disc($x, 0.8)", x=value))[0]
    later = table.ask(fragment("count(*) filter (where $x >= $t)", x=value, t=from_))[0]
    return EventTime(
        chosen.name, parse_timestamp(chosen.low), parse_timestamp(chosen.high), int(later) / chosen.rows
    )


def find_hour(columns: Mapping[str, ColumnProfile]) -> str | None:
    """Return the column of whole numbers from 0 to 23 that is called an hour, if there is one."""
    for name, one in columns.items():
        if names_hour(name) and is_integer(one.type) and one.filled and one.low >= 0 and one.high <= 23:
            return name
    return None
