"""Measures of quantiles, by the values at positions of the sorted column."""

import math
from collections.abc import Generator, Sequence

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Needs, Table
from mlopsc.runtime.checks.outcome import Outcome, Values, failed
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import quantiles as c


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of the check of the family."""
    if not isinstance(check, c.ColumnQuantileValuesToBeBetween):
        raise AssertionError(check.expect)
    return _quantiles(check, table)


def _quantiles(check: c.ColumnQuantileValuesToBeBetween, table: Table) -> Measure:
    if reason := table.misfit(check):
        return failed(reason)
    wanted = check.quantile_ranges
    found = yield from between_positions(
        column(check.column), wanted.quantiles, check.allow_relative_error or "nearest"
    )
    if found is None:
        return Outcome(False, None)
    held = [
        (low is None or value >= low) and (high is None or value <= high)
        for value, (low, high) in zip(found, wanted.value_ranges, strict=True)
    ]
    return Outcome(all(held), {"quantiles": list(wanted.quantiles), "values": list(found)})


def between_positions(
    x: exp.Expr, quantiles: Sequence[float], rule: c.Interpolation
) -> Generator[Needs, Values, tuple[float, ...] | None]:
    """Return quantiles by a rule of interpolation, as NumPy has it; None without values."""
    count = (yield {"count": fragment("count($x)", x=x)})["count"]
    if count == 0:
        return None
    places = [(count - 1) * quantile for quantile in quantiles]
    positions = sorted({edge for place in places for edge in (math.floor(place), math.ceil(place))})
    # The discrete quantile at (i + 1/2) / n is the value at position i.
    shares = [(position + 0.5) / count for position in positions]
    row = yield {"values": fragment("quantile_disc($x, $s)", x=x, s=shares)}
    at = dict(zip(positions, map(float, row["values"]), strict=True))
    return tuple(_interpolated(place, at, rule) for place in places)


def _interpolated(place: float, at: dict[int, float], rule: c.Interpolation) -> float:
    low, high = math.floor(place), math.ceil(place)
    match rule:
        case "lower":
            return at[low]
        case "higher":
            return at[high]
        case "nearest":
            return at[round(place)]
        case "midpoint":
            return at[low] if low == high else (at[low] + at[high]) / 2
        case "linear":
            part = place - low
            gap = at[high] - at[low]
            # As NumPy: from the nearer end, so that the result is monotone.
            return at[low] + gap * part if part < 0.5 else at[high] - gap * (1 - part)
