"""Measures of texts: patterns and lengths."""

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table, bounds_of
from mlopsc.runtime.checks.measures.values import judged, outside
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import text as c


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.ColumnValuesToMatchRegex():
            return _matching(check, table, wanted=True)
        case c.ColumnValuesToNotMatchRegex():
            return _matching(check, table, wanted=False)
        case c.ColumnValueLengthsToBeBetween():
            return _lengths(check, table)
        case _:
            raise AssertionError(check.expect)


def _matching(check: c.OfRegex, table: Table, *, wanted: bool) -> Measure:
    x, type_ = column(check.column), table.type_of(check.column)
    bad: exp.Expr | str
    if type_ in ("nested", "binary"):
        bad = f"the column is {type_}, which has no text"
    else:
        found = fragment("regexp_matches(cast($x as varchar), $regex)", x=x, regex=check.regex)
        bad = fragment("not $f", f=found) if wanted else found
    return judged(table, x, bad, check.mostly)


def _lengths(check: c.ColumnValueLengthsToBeBetween, table: Table) -> Measure:
    x, type_ = column(check.column), table.type_of(check.column)
    bad: exp.Expr | str
    if type_ == "string":
        bad = outside(bounds_of(check), fragment("length($x)", x=x), "int64")
    else:
        bad = f"the column is {type_}, and only strings have a length"
    return judged(table, x, bad, check.mostly)
