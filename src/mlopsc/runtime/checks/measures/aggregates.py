"""Measures of one figure of a column."""

from fractions import Fraction
from typing import Any

from mlopsc.runtime.checks.measures.base import Measure, Table, bounds_of
from mlopsc.runtime.checks.measures.moments import mean_and_stdev, total_and_count
from mlopsc.runtime.checks.outcome import Outcome, failed
from mlopsc.runtime.engine.exact import as_float
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
        case c.ColumnProportionOfNonNullValuesToBeBetween():
            return _filled(check)
        case _:
            raise AssertionError(check.expect)


def _moments(
    check: c.ColumnMeanToBeBetween | c.ColumnSumToBeBetween | c.ColumnStdevToBeBetween, type_: str
) -> Measure:
    if not is_numeric(type_):
        return failed(f"the column is {type_}, expected numbers")
    x = column(check.column)
    observed: Any
    if isinstance(check, c.ColumnSumToBeBetween):
        observed, _ = yield from total_and_count(x, type_)
        if isinstance(observed, Fraction):
            whole = observed.denominator == 1 and not type_.startswith("float")
            observed = int(observed) if whole else as_float(observed)
    elif isinstance(check, c.ColumnMeanToBeBetween):
        total, count = yield from total_and_count(x, type_)
        mean = total / count if count else None
        observed = as_float(mean) if isinstance(mean, Fraction) else mean
    else:
        _, observed = yield from mean_and_stdev(x, type_)
    return Outcome(bounds_of(check).hold(observed), observed)


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


def _filled(check: c.ColumnProportionOfNonNullValuesToBeBetween) -> Measure:
    row = yield {"rows": fragment("count(*)"), "values": fragment("count($x)", x=column(check.column))}
    observed = row["values"] / row["rows"] if row["rows"] else 0.0
    return Outcome(bounds_of(check).hold(observed), observed)
