"""Measures of how a column's values are distributed."""

import math
from collections.abc import Sequence
from itertools import pairwise

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table
from mlopsc.runtime.checks.measures.distinct import grouped
from mlopsc.runtime.checks.outcome import Outcome, failed, sql_value
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import distribution as c


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of the check of the family."""
    if not isinstance(check, c.ColumnKlDivergenceToBeLessThan):
        raise AssertionError(check.expect)
    if reason := table.misfit(check):
        return _failed(reason)
    return _binned(check) if check.partition_object.bins is not None else _by_value(check, table)


def _failed(reason: str) -> Measure:
    return failed(reason)
    yield {}


def _binned(check: c.ColumnKlDivergenceToBeLessThan) -> Measure:
    """Count the values of each bin, the last edge belonging to the last bin, and those beyond all."""
    x, partition = column(check.column), check.partition_object
    bins = partition.bins or ()
    needs = {
        "below": fragment("count(*) filter (where $x < $b)", x=x, b=bins[0]),
        "above": fragment("count(*) filter (where $x > $b)", x=x, b=bins[-1]),
    }
    for i, (low, high) in enumerate(pairwise(bins)):
        end = "<=" if i == len(bins) - 2 else "<"
        needs[f"bin{i}"] = fragment(f"count(*) filter (where $x >= $l and $x {end} $h)", x=x, l=low, h=high)
    row = yield needs
    observed = [row["below"], *(row[f"bin{i}"] for i in range(len(bins) - 1)), row["above"]]
    weights = [w * (1 - check.tail_weight_holdout - check.internal_weight_holdout) for w in partition.weights]
    if empty := weights.count(0):
        weights = [w or check.internal_weight_holdout / empty for w in weights]
    below, above = partition.tail_weights or (check.tail_weight_holdout / 2,) * 2
    return _judged(check, observed, [below, *weights, above])


def _by_value(check: c.ColumnKlDivergenceToBeLessThan, table: Table) -> Measure:
    """Count each value that is expected; of the others it matters how many there are of each count."""
    type_, partition = table.type_of(check.column), check.partition_object
    members = [sql_value(value, type_) for value in partition.values or ()]
    x = column(check.column)
    needs = {f"v{i}": fragment("count(*) filter (where $x = $m)", x=x, m=m) for i, m in enumerate(members)}
    others = fragment(
        "select n, count(*) from $g as g where not x in $m group by n order by n",
        g=grouped(table, x), m=exp.Tuple(expressions=members),
    )  # fmt: skip
    row = yield {**needs, "others": others}
    strange = [n for n, times in row["others"] for _ in range(times)]
    scale = 1 - check.tail_weight_holdout if strange else 1.0
    expected = [weight * scale for weight in partition.weights]
    expected += [check.tail_weight_holdout / len(strange)] * len(strange) if strange else []
    return _judged(check, [*(row[name] for name in needs), *strange], expected)


def _judged(
    check: c.ColumnKlDivergenceToBeLessThan, counts: Sequence[int], weights: Sequence[float]
) -> Outcome:
    entropy = relative_entropy(counts, weights)
    if entropy is None or math.isinf(entropy):
        return Outcome(False, None if entropy is None else math.inf)
    return Outcome(entropy <= check.threshold, entropy)


def relative_entropy(counts: Sequence[int], weights: Sequence[float]) -> float | None:
    """Return the sum of p ln(p / q) in nats, both scaled to sum 1; None without values or weights."""
    seen, expected = sum(counts), math.fsum(weights)
    if not seen or not expected:
        return None
    if any(count and not weight for count, weight in zip(counts, weights, strict=True)):
        return math.inf
    shares = [(count / seen, weight / expected) for count, weight in zip(counts, weights, strict=True)]
    return math.fsum(p * math.log(p / q) for p, q in shares if p)
