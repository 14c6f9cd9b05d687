"""Measures of several columns together, row by row."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table, all_of, any_of, refused
from mlopsc.runtime.checks.measures.repeated import counted_rows, repeated, row_of
from mlopsc.runtime.checks.outcome import by_share, sql_value
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import multicolumn as c
from mlopsc.vocabulary.columns import fits, is_numeric


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.CompoundColumnsToBeUnique():
            return repeated(check.column_list, check.ignore_row_if, check.mostly, table)
        case c.OfColumns():
            return _columns(check, table)
        case c.OfPair():
            return _pair(check, table)
        case _:
            raise AssertionError(check.expect)


def _columns(check: c.OfColumns, table: Table) -> Measure:
    names = check.column_list
    types = {name: table.type_of(name) for name in names}
    xs: list[exp.Expr] = [column(name) for name in names]
    if isinstance(check, c.MulticolumnSumToEqual):
        if reason := table.misfit(check):
            return refused(reason)
        bad = _other_sum(xs, list(types.values()), check.sum_total)
    elif reason := _incomparable(types):
        return refused(reason)
    elif isinstance(check, c.SelectColumnValuesToBeUniqueWithinRecord):
        bad = any_of([fragment("$a is not distinct from $b", a=a, b=b) for a, b in combinations(xs, 2)])
    else:
        bad = any_of([fragment("$a is distinct from $b", a=xs[0], b=b) for b in xs[1:]])
    return _rows(table, counted_rows(xs, check.ignore_row_if), bad, row_of(names), check.mostly)


def _other_sum(xs: Sequence[exp.Expr], types: Sequence[str], total: float) -> exp.Expr:
    """Return the condition that the sum is another, or that there is none."""
    if any(type_.startswith("float") for type_ in types):
        kind, wanted = "double", fragment("cast($v as double)", v=float(total))
    else:
        exact = Decimal(repr(total))
        digits = max(_scale(exact), *(int(type_.rstrip(")").partition(",")[2] or 0) for type_ in types))
        kind, wanted = f"decimal(38, {digits})", fragment("$v", v=exact)
    added = fragment(f"cast($x as {kind})", x=xs[0])
    for x in xs[1:]:
        added = fragment(f"$a + cast($x as {kind})", a=added, x=x)
    return fragment("coalesce($s <> $t, true)", s=added, t=wanted)


def _scale(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _incomparable(types: dict[str, str]) -> str | None:
    """Return why values of the columns cannot be compared with each other."""
    if len(set(types.values())) == 1 or all(is_numeric(type_) for type_ in types.values()):
        return None
    told = ", ".join(f"{name!r} is {type_}" for name, type_ in types.items())
    return f"the columns cannot be compared: {told}"


def _rows(table: Table, counted: exp.Expr, bad: exp.Expr, shown: exp.Expr, mostly: float) -> Measure:
    """Judge rows that count by the condition of an unexpected one."""
    wrong = all_of([counted, bad])
    row = yield {
        "total": fragment("count(*) filter (where $c)", c=counted),
        "bad": fragment("count(*) filter (where $bad)", bad=wrong),
    }
    return by_share(
        row["total"],
        row["bad"],
        mostly,
        lambda: fragment("select $x as x from $t as t where $bad", x=shown, t=table.source, bad=wrong),
    )


def _pair(check: c.OfPair, table: Table) -> Measure:
    a, b = column(check.column_A), column(check.column_B)
    types = [table.type_of(name) for name in (check.column_A, check.column_B)]
    if isinstance(check, c.ColumnPairValuesToBeInSet):
        inside = _pair_in_set(check, (a, b), types)
        if isinstance(inside, str):
            return refused(inside)
        bad = fragment("not $i", i=inside)
    elif types[0] != types[1] and not all(is_numeric(type_) for type_ in types):
        return refused(f"the columns are {types[0]} and {types[1]}, which cannot be compared")
    else:
        good = "$a = $b"
        if isinstance(check, c.ColumnPairValuesAToBeGreaterThanB):
            good = "$a >= $b" if check.or_equal else "$a > $b"
        bad = fragment("coalesce(not $good, true)", good=fragment(good, a=a, b=b))
    counted = {
        "both_values_are_missing": fragment("not ($a is null and $b is null)", a=a, b=b),
        "either_value_is_missing": fragment("$a is not null and $b is not null", a=a, b=b),
        "neither": fragment("true"),
    }[check.ignore_row_if]
    return _rows(table, counted, bad, fragment("row($a, $b)", a=a, b=b), check.mostly)


def _pair_in_set(
    check: c.ColumnPairValuesToBeInSet, xs: tuple[exp.Expr, exp.Expr], types: list[str]
) -> exp.Expr | str:
    pairs = []
    for pair in check.value_pairs_set:
        sides = []
        for x, type_, value in zip(xs, types, pair, strict=True):
            if value is None:
                sides.append(fragment("$x is null", x=x))
            elif not fits(value, type_):
                return f"a column is {type_}, and `value_pairs_set` holds {value!r}"
            else:
                sides.append(fragment("coalesce($x = $v, false)", x=x, v=sql_value(value, type_)))
        pairs.append(all_of(sides))
    return any_of(pairs)
