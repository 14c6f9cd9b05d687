"""Measures of checks that look beyond the table: clock, other datasets, the lock."""

from datetime import datetime, timedelta
from typing import Any

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import ROW, Measure, Table, refused
from mlopsc.runtime.checks.outcome import Outcome, by_share
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import beyond as c
from mlopsc.vocabulary.time import format_duration, parse_timestamp


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.Freshness():
            return _newest(check, table)
        case c.ForeignKey():
            return _referenced(check, table)
        case c.RowCountChange():
            return _change(check, table)
        case _:
            raise AssertionError(check.expect)


def _newest(check: c.Freshness, table: Table) -> Measure:
    if wrong := check.misfit(table.type_of(check.column)):
        return refused(f"the column is {table.type_of(check.column)}, expected {wrong}")
    assert isinstance(check.at, datetime)  # a run has put its parameters in
    return _aged(check, check.at)


def _aged(check: c.Freshness, at: datetime) -> Measure:
    moment = fragment("cast(cast($x as timestamp) as timestamptz)", x=column(check.column))
    row = yield {"newest": fragment("max($x) filter (where $x <= $t)", x=moment, t=at)}
    newest = row["newest"]
    if newest is None:
        return Outcome(False, None, message=f"there is no value up to {at:%Y-%m-%d %H:%M:%S} UTC")
    newest = parse_timestamp(newest)
    age = at - newest
    words = f"{format_duration(age - age % timedelta(seconds=1))} old, at most {format_duration(check.max_age)} allowed"
    return Outcome(age <= check.max_age, newest, message=None if age <= check.max_age else words)


def _referenced(check: c.ForeignKey, table: Table) -> Measure:
    if check.dataset not in table.others:
        return refused(f"the dataset {check.dataset!r} is not at hand")
    return _orphans(check, table, table.others[check.dataset])


def _orphans(check: c.ForeignKey, table: Table, other: exp.Expr) -> Measure:
    """Count rows without a partner: one anti join."""
    keys = [named(column(name), f"__f{i}") for i, name in enumerate(check.there)]
    theirs = exp.Subquery(
        this=select(*keys, source=other).distinct(), alias=exp.TableAlias(this=identifier("o"))
    )
    there = exp.and_(*(fragment("$x is not null", x=column(name, "t")) for name in check.column_list))
    same = exp.and_(
        *(
            exp.EQ(this=column(name, "t"), expression=column(f"__f{i}", "o"))
            for i, name in enumerate(check.column_list)
        )
    )
    ours = exp.Subquery(this=table.source, alias=exp.TableAlias(this=identifier("t")))
    if not isinstance(table.source, exp.Query):
        ours = exp.Subquery(
            this=select(exp.Star(), source=table.source), alias=exp.TableAlias(this=identifier("t"))
        )
    orphans = (
        exp.select("t.*").from_(ours).join(theirs, on=same, join_type="left anti").where(there, copy=False)
    )
    present = exp.and_(*(fragment("$x is not null", x=column(name)) for name in check.column_list))
    counts: dict[str, Any] = yield {  # type: ignore[assignment]
        "total": fragment("count(*) filter (where $p)", p=present),
        "orphans": fragment("select count(*) from $o as o", o=orphans),
    }
    value: exp.Expr = (
        column(check.column_list[0])
        if len(check.column_list) == 1
        else exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.Literal.string(name), expression=column(name))
                for name in check.column_list
            ]
        )
    )

    def sample() -> exp.Expr:
        return fragment("select $x as x from $o as o order by $r", x=value, o=orphans, r=column(ROW))

    return by_share(int(counts["total"]), int(counts["orphans"][0][0]), check.mostly, sample)


def _change(check: c.RowCountChange, table: Table) -> Measure:
    row = yield {"rows": fragment("count(*)")}
    rows, locked = int(row["rows"]), table.locked_rows
    if locked is None:
        return Outcome(False, rows, message="not compared: mlops.lock does not hold it", compared=False)
    low = locked * (1 - check.max_decrease) if check.max_decrease is not None else 0
    high = locked * (1 + check.max_increase) if check.max_increase is not None else None
    passed = rows >= low and (high is None or rows <= high)
    return Outcome(passed, rows, message=None if passed else f"{rows} rows, locked with {locked}")
