"""Measures of one figure of a column."""

import math
from collections.abc import Generator
from fractions import Fraction
from typing import Any

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Needs, Table, bounds_of
from mlopsc.runtime.checks.outcome import Outcome, Values, failed
from mlopsc.runtime.engine.exact import as_float, exact_sum
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import aggregates as c
from mlopsc.vocabulary.columns import is_numeric


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.ColumnMeanToBeBetween() | c.ColumnSumToBeBetween() | c.ColumnStdevToBeBetween():
            return _moments(check, table.type_of(check.column))
        case c.ColumnMedianToBeBetween():
            return _median(check, table.type_of(check.column))
        case c.ColumnMinToBeBetween() | c.ColumnMaxToBeBetween():
            return _extreme(check, table.type_of(check.column))
        case c.ColumnUniqueValueCountToBeBetween():
            return _distinct(check)
        case _:
            raise AssertionError(check.expect)


def _moments(
    check: c.ColumnMeanToBeBetween | c.ColumnSumToBeBetween | c.ColumnStdevToBeBetween, type_: str
) -> Measure:
    if not is_numeric(type_):
        return failed(f"the column is {type_}, expected numbers")
    x = column(check.column)
    is_float = type_.startswith("float")
    total, count = yield from _sum(x, is_float)
    observed: Any
    if isinstance(check, c.ColumnSumToBeBetween):
        observed = total
    elif count == 0:
        observed = None
    elif isinstance(check, c.ColumnMeanToBeBetween) or isinstance(total, float):
        observed = total / count
    elif count == 1:
        observed = None
    else:
        centre = as_float(total / count)
        gap = fragment("cast($x as double) - $m", x=x, m=centre)
        squares, _ = yield from _sum(fragment("$g * $g", g=gap), True)
        shift = total / count - Fraction(centre)
        variance = squares if isinstance(squares, float) else max(squares - count * shift**2, Fraction(0))
        observed = math.sqrt(variance if isinstance(variance, float) else as_float(variance / (count - 1)))
    match observed:
        case Fraction() if (
            not is_float and observed.denominator == 1 and isinstance(check, c.ColumnSumToBeBetween)
        ):
            observed = int(observed)
        case Fraction():
            observed = as_float(observed)
    return Outcome(bounds_of(check).hold(observed), observed)


def _sum(x: exp.Expr, is_float: bool) -> Generator[Needs, Values, tuple[Fraction | float, int]]:
    """Return the exact sum of the values that are there, and their number."""
    counting = {"count": fragment("count($x)", x=x)}
    if not is_float:
        row = yield {"sum": fragment("sum($x)", x=x), **counting}
        return Fraction(row["sum"] or 0), row["count"]
    adding = exact_sum(fragment("cast($x as double)", x=x))
    row = yield {**next(adding), **counting}
    count = row["count"]
    while True:
        try:
            row = yield adding.send(row)
        except StopIteration as end:
            return end.value, count


def _median(check: c.ColumnMedianToBeBetween, type_: str) -> Measure:
    if not is_numeric(type_):
        return failed(f"the column is {type_}, expected numbers")
    row = yield {"median": fragment("quantile_cont($x, 0.5)", x=column(check.column))}
    observed = None if row["median"] is None else float(row["median"])
    return Outcome(bounds_of(check).hold(observed), observed)


def _extreme(check: c.ColumnMinToBeBetween | c.ColumnMaxToBeBetween, type_: str) -> Measure:
    bounds = bounds_of(check).typed(type_)
    if isinstance(bounds, str):
        return failed(bounds)
    function = "min" if isinstance(check, c.ColumnMinToBeBetween) else "max"
    row = yield {"value": fragment(f"{function}($x)", x=column(check.column))}
    return Outcome(bounds.hold(row["value"]), row["value"])


def _distinct(check: c.ColumnUniqueValueCountToBeBetween) -> Measure:
    row = yield {"count": fragment("count(distinct $x)", x=column(check.column))}
    return Outcome(bounds_of(check).hold(row["count"]), row["count"])
