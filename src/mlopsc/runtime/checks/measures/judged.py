"""Values judged one by one, by a condition in SQL."""

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table
from mlopsc.runtime.checks.outcome import Outcome, by_share, failed
from mlopsc.runtime.engine.statement import fragment


def filled(table: Table, x: exp.Expr, mostly: float, *, wanted: bool) -> Measure:
    """Judge all rows by whether a value is there; that is told by counts, which files often hold already."""
    row = yield {"rows": fragment("count(*)"), "values": fragment("count($x)", x=x)}
    bad = fragment("$x is null" if wanted else "$x is not null", x=x)
    return by_share(
        row["rows"],
        row["rows"] - row["values"] if wanted else row["values"],
        mostly,
        lambda: fragment("select $x as x from $t as t where $bad", x=x, t=table.source, bad=bad),
    )


def judged(
    table: Table,
    x: exp.Expr,
    bad: exp.Expr | str,
    mostly: float,
    *,
    observed: object = None,
    seek: bool = False,
) -> Measure:
    """Judge values by the condition of an unexpected one, null or false for a null; or say why there can be none.

    `observed` takes the place of the share that passes. `seek` says that the condition is one by which files can be
    sought: it compares a column that holds no NaN with constants.
    """
    if isinstance(bad, str):
        return failed(bad)
    row = yield {
        "total": fragment("count($x)", x=x),
        "bad": fragment("select count(*) from $t as t where $bad", t=table.plain, bad=bad)
        if seek and table.seeks
        else fragment("count(*) filter (where $bad)", bad=bad),
    }
    outcome = by_share(
        row["total"],
        row["bad"][0][0] if seek and table.seeks else row["bad"],
        mostly,
        lambda: fragment("select $x as x from $t as t where $bad", x=x, t=table.source, bad=bad),
    )
    if observed is None:
        return outcome
    return Outcome(outcome.passed, observed, outcome.unexpected, outcome.sample)
