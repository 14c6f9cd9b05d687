"""Measures of several columns together, row by row."""

from mlopsc.runtime.checks.measures.base import Measure, Table
from mlopsc.runtime.checks.measures.repeated import repeated
from mlopsc.runtime.checks.outcome import by_share, failed
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import multicolumn as c
from mlopsc.vocabulary.columns import is_numeric


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.CompoundColumnsToBeUnique():
            return repeated(check.column_list, check.ignore_row_if, check.mostly, table)
        case c.ColumnPairValuesAToBeGreaterThanB():
            return _pair(check, table)
        case _:
            raise AssertionError(check.expect)


def _pair(check: c.ColumnPairValuesAToBeGreaterThanB, table: Table) -> Measure:
    a, b = column(check.column_A), column(check.column_B)
    types = [table.type_of(name) for name in (check.column_A, check.column_B)]
    if types[0] != types[1] and not all(is_numeric(type_) for type_ in types):
        return failed(f"the columns are {types[0]} and {types[1]}, which cannot be compared")
    counted = {
        "both_values_are_missing": fragment("not ($a is null and $b is null)", a=a, b=b),
        "either_value_is_missing": fragment("$a is not null and $b is not null", a=a, b=b),
        "neither": fragment("true"),
    }[check.ignore_row_if]
    good = fragment("$a >= $b" if check.or_equal else "$a > $b", a=a, b=b)
    bad = fragment("$counted and coalesce(not $good, true)", counted=counted, good=good)
    row = yield {
        "total": fragment("count(*) filter (where $c)", c=counted),
        "bad": fragment("count(*) filter (where $bad)", bad=bad),
    }
    sample = fragment("select row($a, $b) as x from $t as t where $bad", a=a, b=b, t=table.source, bad=bad)
    return by_share(row["total"], row["bad"], check.mostly, sample)
