"""Values judged one by one, by a condition in SQL."""

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table
from mlopsc.runtime.checks.outcome import Outcome, by_share, failed
from mlopsc.runtime.engine.statement import fragment


def judged(
    table: Table,
    x: exp.Expr,
    bad: exp.Expr | str,
    mostly: float,
    *,
    of_rows: bool = False,
    observed: object = None,
) -> Measure:
    """Judge values by the condition of an unexpected one, null or false for a null; or say why there can be none.

    Judged are the values that are there, or all rows. `observed` takes the place of the share that passes.
    """
    if isinstance(bad, str):
        return failed(bad)
    row = yield {
        "total": fragment("count(*)") if of_rows else fragment("count($x)", x=x),
        "bad": fragment("count(*) filter (where $bad)", bad=bad),
    }
    sample = fragment("select $x as x from $t as t where $bad", x=x, t=table.source, bad=bad)
    outcome = by_share(row["total"], row["bad"], mostly, sample)
    if observed is None:
        return outcome
    return Outcome(outcome.passed, observed, outcome.unexpected, outcome.sample)
