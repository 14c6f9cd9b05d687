"""Measures of a column's different values."""

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table, bounds_of
from mlopsc.runtime.checks.measures.bits import counted_by_bits
from mlopsc.runtime.checks.outcome import Outcome, failed, python_value, sql_value
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import distinct as c
from mlopsc.vocabulary.checks.values import OfSet
from mlopsc.vocabulary.columns import fits

SHOWN = 20


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.ColumnUniqueValueCountToBeBetween() | c.ColumnProportionOfUniqueValuesToBeBetween():
            return _count(check, table)
        case c.ColumnMostCommonValueToBeInSet():
            return _most_common(check, table)
        case OfSet():
            return _set(check, table)
        case _:
            raise AssertionError(check.expect)


def grouped(table: Table, x: exp.Expr) -> exp.Expr:
    """Return each different value as `x` and how often it occurs as `n`; nulls are no values."""
    query = fragment("select $x as x, count(*) as n from $t as t where $x is not null", x=x, t=table.source)
    assert isinstance(query, exp.Select)
    return query.group_by(x, copy=False)


def counts_of(table: Table, x: exp.Expr) -> exp.Expr:
    """Return the query for the number of values, of different ones, and of those that occur more than once."""
    return fragment(
        "select coalesce(sum(n), 0), count(*), coalesce(sum(n) filter (where n > 1), 0) from $g as g",
        g=grouped(table, x),
    )


def _count(
    check: c.ColumnUniqueValueCountToBeBetween | c.ColumnProportionOfUniqueValuesToBeBetween, table: Table
) -> Measure:
    counted = yield from counted_by_bits(check.column, table)
    if counted is None:
        row = yield {"counts": counts_of(table, column(check.column))}
        counted = int(row["counts"][0][0]), int(row["counts"][0][1])
    values, different = counted
    if isinstance(check, c.ColumnUniqueValueCountToBeBetween):
        observed: float = different
    else:
        observed = different / values if values else 0.0
    return Outcome(bounds_of(check).hold(observed), observed)


def _members(check: OfSet, type_: str) -> list[exp.Expr] | str:
    if strange := [value for value in check.value_set if not fits(value, type_)]:
        return f"the column is {type_}, and `value_set` holds {strange[0]!r}"
    return [sql_value(value, type_) for value in check.value_set]


def _set(check: OfSet, table: Table) -> Measure:
    """Compare the different values with a set; what is in one and not in the other is unexpected, or missing."""
    x, type_ = column(check.column), table.type_of(check.column)
    members = _members(check, type_)
    if isinstance(members, str):
        return failed(members)
    inside = fragment("x in $members", members=exp.Tuple(expressions=members))
    groups = grouped(table, x)
    needs = {
        "inside": fragment("select x from $g as g where $i", g=groups, i=inside),
        "outside": fragment("select count(*) from $g as g where not $i", g=groups, i=inside),
        "first": fragment(
            "select x from $g as g where not $i order by x limit $n", g=groups, i=inside, n=SHOWN
        ),
    }
    row = yield needs
    found = [value for (value,) in row["inside"]]
    wanted = [python_value(value, type_) for value in check.value_set]
    missing = [value for value in dict.fromkeys(wanted) if value not in found]
    extra = row["outside"][0][0]
    parts = []
    unexpected = None
    if not isinstance(check, c.ColumnDistinctValuesToContainSet):
        unexpected = extra
        if extra:
            parts.append(f"{extra} different values are not in the set")
    if not isinstance(check, c.ColumnDistinctValuesToBeInSet) and missing:
        parts.append(f"missing: {', '.join(str(value) for value in missing[:SHOWN])}")
    shown = tuple(value for (value,) in row["first"]) if unexpected else ()
    return Outcome(not parts, None, unexpected, message="; ".join(parts) or None, values=shown)


def _most_common(check: c.ColumnMostCommonValueToBeInSet, table: Table) -> Measure:
    x, type_ = column(check.column), table.type_of(check.column)
    members = _members(check, type_)
    if isinstance(members, str):
        return failed(members)
    groups = grouped(table, x)
    top = fragment("select x, n, max(n) over () as most from $g as g", g=groups)
    row = yield {
        "ties": fragment("select count(*) from $t as t where n = most", t=top),
        "first": fragment("select x from $t as t where n = most order by x limit $n", t=top, n=SHOWN),
        "among": fragment(
            "select count(*) from $t as t where n = most and x in $m",
            t=top, m=exp.Tuple(expressions=members),
        ),
    }  # fmt: skip
    ties, among = row["ties"][0][0], row["among"][0][0]
    passed = among > 0 if check.ties_okay else ties == 1 and among == 1
    tie = f"{ties} values are equally common" if ties > 1 and not check.ties_okay else None
    return Outcome(passed, [value for (value,) in row["first"]], message=tie)
