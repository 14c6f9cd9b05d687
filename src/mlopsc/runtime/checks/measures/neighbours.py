"""Values judged by others of their column: the one before, or the mean and the spread of all."""

from collections.abc import Generator

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import ROW, Measure, Needs, Table
from mlopsc.runtime.checks.measures.judged import judged
from mlopsc.runtime.checks.measures.moments import mean_and_stdev
from mlopsc.runtime.checks.measures.quantiles import between_positions
from mlopsc.runtime.checks.outcome import Outcome, Values, by_share, failed
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import values as c


def ordered(check: c.OfOrder, table: Table, wrong: str) -> Measure:
    """Compare each value with the one before it; `wrong` is the operator between the two that is unexpected."""
    if reason := table.misfit(check):
        return failed(reason)
    x = column(check.column)
    bad = fragment(f"__value {wrong}= __before" if check.strictly else f"__value {wrong} __before")
    if check.strictly and table.type_of(check.column).startswith("float"):
        bad = fragment("$b and not isinf(__value + __before)", b=bad)
    there = fragment("select *, $x as __value from $t as t where $x is not null", x=x, t=table.source)
    pairs = fragment(
        "select *, lag(__value) over (order by $r) as __before from $t as t", r=column(ROW), t=there
    )
    counts = fragment("select count(*), count(*) filter (where $bad) from $t as t", bad=bad, t=pairs)
    row = yield {"counts": counts}
    total, unexpected = row["counts"][0]
    return by_share(
        total,
        unexpected,
        check.mostly,
        lambda: fragment("select __value as x from $t as t where $bad", t=pairs, bad=bad),
    )


def z_scores(check: c.ColumnValueZScoresToBeLessThan, table: Table) -> Measure:
    """Compare each value's distance from the mean, in standard deviations, with the threshold."""
    if reason := table.misfit(check):
        return failed(reason)
    x, type_ = column(check.column), table.type_of(check.column)
    mean, stdev = yield from mean_and_stdev(x, type_)
    if mean is None or not stdev or stdev != stdev:
        bad = fragment("false")
    else:
        score = fragment("(cast($x as double) - $m) / $s", x=x, m=mean, s=stdev)
        if check.double_sided:
            bad = fragment("abs($z) >= $t", z=score, t=abs(check.threshold))
        else:
            bad = fragment("$z >= $t", z=score, t=check.threshold)
    return (yield from judged(table, x, bad, check.mostly))


def outliers(check: c.ColumnValuesToNotBeOutliers, table: Table) -> Measure:
    """Compare each value with the window that the method and its multiplier give."""
    if reason := table.misfit(check):
        return failed(reason)
    x = column(check.column)
    bad = yield from _beyond(check, x, table.type_of(check.column))
    outcome: Outcome = yield from judged(table, x, bad, check.mostly)
    return outcome


def _beyond(
    check: c.ColumnValuesToNotBeOutliers, x: exp.Expr, type_: str
) -> Generator[Needs, Values, exp.Expr]:
    value = fragment("cast($x as double)", x=x)
    if check.method == "iqr":
        quartiles = yield from between_positions(x, (0.25, 0.75), "linear")
        if quartiles is None:
            return fragment("false")
        low, high = quartiles
        reach = check.multiplier * (high - low)
        return fragment("not ($x between $l and $h)", x=value, l=low - reach, h=high + reach)
    mean, stdev = yield from mean_and_stdev(x, type_)
    if mean is None or stdev is None or stdev != stdev:
        return fragment("false")
    reach = check.multiplier * stdev
    if reach <= 0:
        return fragment("$x <> $m", x=value, m=mean)
    return fragment("abs($x - $m) >= $r", x=value, m=mean, r=reach)
