"""How each check is measured: which aggregates it needs of the scan, and what their values mean.

A measure is a generator: it yields the aggregates that it needs, is sent their values, and returns its outcome.
All measures that wait are served by one scan.
"""

import math
from collections.abc import Generator, Mapping
from fractions import Fraction
from typing import Any

from sqlglot import exp

from mlopsc.runtime.checks.outcome import Bounds, Outcome, Values, by_share, comparable, failed, sql_value
from mlopsc.runtime.engine.exact import Aggregates, as_float, exact_sum
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.runtime.sources.values import convert
from mlopsc.vocabulary import checks as c
from mlopsc.vocabulary.columns import fits, from_duckdb, is_numeric

Measure = Generator[Aggregates, Values, Outcome]


def measure(check: c.Check, table: exp.Expr, kinds: Mapping[str, str]) -> Measure:
    """Return the measure of a check over a table whose columns have DuckDB's types `kinds`.

    Every column that the check names exists. `unexpected_rows` and uniqueness have queries of their own.
    """
    match check:
        case c.TableRowCountToBeBetween():
            return _row_count(bounds_of(check))
        case c.TableRowCountToEqual():
            return _row_count(Bounds(check.value, check.value, False, False))
        case c.TableColumnsToMatchSet():
            return _at_once(_column_set(check, list(kinds)))
        case c.ColumnToExist():
            return _at_once(_position(check, list(kinds)))
        case c.ColumnPairValuesAToBeGreaterThanB():
            return _pair(check, table, kinds)
        case c.ColumnMeanToBeBetween() | c.ColumnSumToBeBetween() | c.ColumnStdevToBeBetween():
            return _moments(check, from_duckdb(kinds[check.column]))
        case c.ColumnMedianToBeBetween():
            return _median(check, from_duckdb(kinds[check.column]))
        case c.ColumnMinToBeBetween() | c.ColumnMaxToBeBetween():
            return _extreme(check, from_duckdb(kinds[check.column]))
        case c.ColumnUniqueValueCountToBeBetween():
            return _distinct(check)
        case c.UnexpectedRows() | c.CompoundColumnsToBeUnique() | c.ColumnValuesToBeUnique():
            raise AssertionError(f"{check.expect} has a query of its own")
        case _:
            return _values(check, table, kinds[check.column])


def bounds_of(check: Any) -> Bounds:
    """Return the bounds that a check declares."""
    return Bounds(check.min_value, check.max_value, check.strict_min, check.strict_max)


def _at_once(outcome: Outcome) -> Measure:
    return outcome
    yield {}


def _row_count(bounds: Bounds) -> Measure:
    row = yield {"rows": fragment("count(*)")}
    return Outcome(bounds.hold(row["rows"]), row["rows"])


def _column_set(check: c.TableColumnsToMatchSet, present: list[str]) -> Outcome:
    missing = [name for name in check.column_set if name not in present]
    extra = [name for name in present if name not in check.column_set] if check.exact_match else []
    parts = [("missing", missing), ("not expected", extra)]
    words = [f"{label}: {', '.join(names)}" for label, names in parts if names]
    return Outcome(not words, present, message="; ".join(words) or None)


def _position(check: c.ColumnToExist, present: list[str]) -> Outcome:
    index = present.index(check.column)
    return Outcome(check.column_index in (None, index), index)


def _values(check: Any, table: exp.Expr, kind: str) -> Measure:
    """Judge values one by one: those that are there, or for nulls all rows."""
    x = column(check.column)
    bad = _bad(check, x, kind)
    if isinstance(bad, str):
        return failed(bad)
    of_rows = isinstance(check, c.ColumnValuesToNotBeNull | c.ColumnValuesToBeNull)
    row = yield {
        "total": fragment("count(*)") if of_rows else fragment("count($x)", x=x),
        "bad": fragment("count(*) filter (where $bad)", bad=bad),
    }
    sample = fragment("select $x as x from $t as t where $bad", x=x, t=table, bad=bad)
    outcome = by_share(row["total"], row["bad"], check.mostly, sample)
    if isinstance(check, c.ColumnValuesToBeOfType):
        return Outcome(outcome.passed, from_duckdb(kind), outcome.unexpected, outcome.sample)
    return outcome


def _bad(check: Any, x: exp.Expr, kind: str) -> exp.Expr | str:
    """Return the condition of an unexpected value, null or false for a null one; or why there can be none."""
    type_ = from_duckdb(kind)
    match check:
        case c.ColumnValuesToNotBeNull():
            return fragment("$x is null", x=x)
        case c.ColumnValuesToBeNull():
            return fragment("$x is not null", x=x)
        case c.ColumnValuesToBeOfType():
            return _other_type(check.type_, type_, x, kind)
        case c.ColumnValuesToBeBetween():
            return _outside(bounds_of(check), x, type_)
        case c.ColumnValuesToBeInSet() | c.ColumnValuesToNotBeInSet():
            if strange := [value for value in check.value_set if not fits(value, type_)]:
                return f"the column is {type_}, and `value_set` holds {strange[0]!r}"
            members = exp.Tuple(expressions=[sql_value(value, type_) for value in check.value_set])
            inside = fragment("$x in $members", x=x, members=members)
            return inside if isinstance(check, c.ColumnValuesToNotBeInSet) else fragment("not $i", i=inside)
        case c.ColumnValuesToMatchRegex() | c.ColumnValuesToNotMatchRegex():
            if type_ in ("nested", "binary"):
                return f"the column is {type_}, which has no text"
            found = fragment("regexp_matches(cast($x as varchar), $regex)", x=x, regex=check.regex)
            return found if isinstance(check, c.ColumnValuesToNotMatchRegex) else fragment("not $f", f=found)
        case c.ColumnValueLengthsToBeBetween():
            if type_ != "string":
                return f"the column is {type_}, and only strings have a length"
            return _outside(bounds_of(check), fragment("length($x)", x=x), "int64")
        case _:
            raise AssertionError(f"{check.expect} does not judge values one by one")


def _other_type(wanted: str, have: str, x: exp.Expr, kind: str) -> exp.Expr:
    if have == wanted:
        return fragment("false")
    if is_numeric(have) and is_numeric(wanted):
        value = convert(x, kind, wanted, "UTC")
        return fragment("$x is not null and $v is null", x=x, v=value)
    return fragment("$x is not null", x=x)


def _outside(bounds: Bounds, x: exp.Expr, type_: str) -> exp.Expr | str:
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


def _pair(check: c.ColumnPairValuesAToBeGreaterThanB, table: exp.Expr, kinds: Mapping[str, str]) -> Measure:
    a, b = column(check.column_A), column(check.column_B)
    types = [from_duckdb(kinds[name]) for name in (check.column_A, check.column_B)]
    if types[0] != types[1] and not all(is_numeric(type_) for type_ in types):
        return failed(f"the columns are {types[0]} and {types[1]}, which cannot be compared")
    judged = {
        "both_values_are_missing": fragment("not ($a is null and $b is null)", a=a, b=b),
        "either_value_is_missing": fragment("$a is not null and $b is not null", a=a, b=b),
        "neither": fragment("true"),
    }[check.ignore_row_if]
    good = fragment("$a >= $b" if check.or_equal else "$a > $b", a=a, b=b)
    bad = fragment("$judged and coalesce(not $good, true)", judged=judged, good=good)
    row = yield {
        "total": fragment("count(*) filter (where $j)", j=judged),
        "bad": fragment("count(*) filter (where $bad)", bad=bad),
    }
    sample = fragment("select row($a, $b) as x from $t as t where $bad", a=a, b=b, t=table, bad=bad)
    return by_share(row["total"], row["bad"], check.mostly, sample)


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


def _sum(x: exp.Expr, is_float: bool) -> Generator[Aggregates, Values, tuple[Fraction | float, int]]:
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
