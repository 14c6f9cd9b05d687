"""Sums, means and standard deviations, exact before they are rounded, so that threads make no difference."""

import math
from collections.abc import Generator
from fractions import Fraction

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Needs
from mlopsc.runtime.checks.outcome import Values
from mlopsc.runtime.engine.exact import as_float, exact_sum
from mlopsc.runtime.engine.statement import fragment

Asking = Generator[Needs, Values, tuple[Fraction | float, int]]


def total_and_count(x: exp.Expr, type_: str) -> Asking:
    """Return the sum of the values that are there, a float only where some are infinite, and their number."""
    counting = {"count": fragment("count($x)", x=x)}
    if not type_.startswith("float"):
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


def stdev_about(x: exp.Expr, total: Fraction | float, count: int) -> Generator[Needs, Values, float | None]:
    """Return the sample standard deviation; None of fewer than two values, NaN of infinite ones."""
    if count < 2:
        return None
    if isinstance(total, float):
        return math.nan
    centre = as_float(total / count)
    gap = fragment("cast($x as double) - $m", x=x, m=centre)
    squares, _ = yield from total_and_count(fragment("$g * $g", g=gap), "float64")
    if isinstance(squares, float):
        return math.sqrt(squares)
    shift = total / count - Fraction(centre)
    return math.sqrt(as_float(max(squares - count * shift**2, Fraction(0)) / (count - 1)))


def mean_and_stdev(x: exp.Expr, type_: str) -> Generator[Needs, Values, tuple[float | None, float | None]]:
    """Return both, None where there are too few values."""
    total, count = yield from total_and_count(x, type_)
    if count == 0:
        return None, None
    mean = total / count if isinstance(total, float) else as_float(total / count)
    stdev = yield from stdev_about(x, total, count)
    return mean, stdev
