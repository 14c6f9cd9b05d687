"""Measures of values one by one: whether there are any, of which type, which, and how often."""

from collections.abc import Sequence

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table, all_of, at_once, bounds_of
from mlopsc.runtime.checks.measures.judged import filled, judged
from mlopsc.runtime.checks.measures.neighbours import ordered, outliers, z_scores
from mlopsc.runtime.checks.measures.repeated import repeated
from mlopsc.runtime.checks.outcome import Bounds, Outcome, comparable, sql_value
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import values as c
from mlopsc.vocabulary.checks.base import OfValues
from mlopsc.vocabulary.columns import Member, fits, is_float, is_numeric


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    if isinstance(check, c.ColumnValuesToBeUnique):
        return repeated([check.column], "all_values_are_missing", check.mostly, table)
    if isinstance(check, c.ColumnTypeToBe):
        have = table.type_of(check.column)
        return at_once(Outcome(have == check.type_, have))
    if not isinstance(check, OfValues):
        raise AssertionError(check.expect)
    x, type_ = column(check.column), table.type_of(check.column)
    match check:
        case c.ColumnValuesToNotBeNull():
            return filled(table, x, check.mostly, wanted=True)
        case c.ColumnValuesToBeNull():
            return filled(table, x, check.mostly, wanted=False)
        case c.ColumnValuesToBeOfType():
            other = _other_type(check.type_, type_, x, table.kinds[check.column])
            return judged(table, x, other, check.mostly, observed=type_)
        case c.ColumnValuesToBeInTypeList():
            kind = table.kinds[check.column]
            none = all_of([_other_type(wanted, type_, x, kind) for wanted in check.type_list])
            return judged(table, x, none, check.mostly, observed=type_)
        case c.ColumnValuesToBeBetween():
            return judged(
                table, x, outside(bounds_of(check), x, type_), check.mostly, seek=not is_float(type_)
            )
        case c.ColumnValuesToBeInSet():
            inside = _among(check.value_set, x, type_)
            bad = inside if isinstance(inside, str) else fragment("not $i", i=inside)
            return judged(table, x, bad, check.mostly, seek=not is_float(type_))
        case c.ColumnValuesToNotBeInSet():
            among = _among(check.value_set, x, type_)
            return judged(table, x, among, check.mostly, seek=not is_float(type_))
        case c.ColumnValuesToBeIncreasing():
            return ordered(check, table, "<")
        case c.ColumnValuesToBeDecreasing():
            return ordered(check, table, ">")
        case c.ColumnValueZScoresToBeLessThan():
            return z_scores(check, table)
        case c.ColumnValuesToNotBeOutliers():
            return outliers(check, table)
        case _:
            raise AssertionError(check.expect)


def outside(bounds: Bounds, x: exp.Expr, type_: str) -> exp.Expr | str:
    """Return the condition that a value of a type is not within bounds, or why they cannot be compared."""
    if bounds.low is not None and bounds.low == bounds.high and comparable(bounds.low, type_):
        return fragment("$x <> $b", x=x, b=sql_value(bounds.low, type_))
    sides = []
    for bound, loose, strict, is_strict in (
        (bounds.low, "$x < $b", "$x <= $b", bounds.strict_low),
        (bounds.high, "$x > $b", "$x >= $b", bounds.strict_high),
    ):
        if bound is not None:
            if not comparable(bound, type_):
                return f"the column is {type_}, which cannot be compared with {bound!r}"
            sides.append(fragment(strict if is_strict else loose, x=x, b=sql_value(bound, type_)))
    return sides[0] if len(sides) == 1 else fragment("$a or $b", a=sides[0], b=sides[1])


def _among(members: Sequence[Member], x: exp.Expr, type_: str) -> exp.Expr | str:
    if strange := [value for value in members if not fits(value, type_)]:
        return f"the column is {type_}, and `value_set` holds {strange[0]!r}"
    return fragment(
        "$x in $members", x=x, members=exp.Tuple(expressions=[sql_value(value, type_) for value in members])
    )


def _other_type(wanted: str, have: str, x: exp.Expr, kind: str) -> exp.Expr:
    if have == wanted:
        return fragment("false")
    if is_numeric(have) and is_numeric(wanted):
        from mlopsc.runtime.sources.values import convert

        value = convert(x, kind, wanted, "UTC")
        return fragment("$x is not null and $v is null", x=x, v=value)
    return fragment("$x is not null", x=x)
