"""The slice gate: a metric in each slice of the rows, and how far slices are apart."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.groups import Groups
from mlopsc.runtime.gates.thresholds import beyond, threshold, within
from mlopsc.runtime.learning.fitted import metric_functions
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.scoring import score
from mlopsc.vocabulary.gates import SliceGate
from mlopsc.vocabulary.metrics import Metric


def judge_slices(
    name: str, gate: SliceGate, metric: Metric, scored: Scored, divisions: Sequence[Groups], project: Path
) -> Decision:
    """Return the decision; it fails when a judged slice has no value (NaN), and when none is large enough.

    Slices of each of the divisions are compared with one another; names of slices differ between divisions.
    """
    low, high, gap = (threshold(name, bound) for bound in (gate.min, gate.max, gate.max_gap))
    sizes: dict[str, int] = {}
    values: dict[str, float | None] = {}
    small: dict[str, int] = {}
    functions = metric_functions([metric], project)
    for groups in divisions:
        least = max(gate.min_group, groups.least)
        for index, (group, rows) in enumerate(zip(groups.names, groups.sizes().tolist(), strict=True)):
            if rows < least:
                small[group] = rows
                continue
            sizes[group] = rows
            try:
                answers = scored.of(groups.codes == index).answers()
                values[group] = score(answers, [metric], functions).metrics[gate.metric]
            except StepFailed:  # of rows of one class, say, for which there is no such metric
                values[group] = None
    bounds = {"min": low, "max": high, "max_gap": gap}
    shown: dict[str, Any] = {
        "training": gate.training,
        "metric": gate.metric,
        "by": list(gate.divided_by),
        "groups": {group: {"rows": sizes[group], "value": value} for group, value in values.items()},
        "too_small": small,
        "threshold": {key: bound for key, bound in bounds.items() if bound is not None}
        | {"min_group": gate.min_group},
    }
    by = " and ".join(groups.by for groups in divisions)
    if not values:
        least = max(gate.min_group, min(groups.least for groups in divisions))
        reason = f"none of {len(small)} slices by {by} has the {least} rows that it needs to be judged"
        return decision(name, "slice", "fail", reason, **shown)
    known = {group: value for group, value in values.items() if value is not None}
    faults = [f"{gate.metric} of {group} has no value (NaN)" for group in values if group not in known]
    for group, value in known.items():
        if far := beyond(value, low, high):
            faults.append(f"{gate.metric} of {group} {number(value)} is {far}")
    apart = 0.0
    for groups in divisions:
        judged = {group: known[group] for group in groups.names if group in known}
        if not judged:
            continue
        lowest, highest = _ends(judged)
        between = judged[highest] - judged[lowest]
        apart = max(apart, between)
        if gap is not None and between > gap:
            faults.append(
                f"the gap {number(between)} between {lowest} ({number(judged[lowest])}) and {highest} "
                f"({number(judged[highest])}) is {number(between - gap)} above the maximum {number(gap)}"
            )
    aside = f"; too small to be judged: {', '.join(small)}" if small else ""
    if faults:
        return decision(name, "slice", "fail", "; ".join(faults) + aside, gap=apart, **shown)
    kept = [f"at most {number(gap)} apart"] if gap is not None else []
    kept = [within(low, high), *kept] if low is not None or high is not None else kept
    lowest, highest = _ends(known)
    reason = (
        f"{gate.metric} of {len(known)} slices by {by} lies from {number(known[lowest])} ({lowest}) to "
        f"{number(known[highest])} ({highest}): {' and '.join(kept)}{aside}"
    )
    return decision(name, "slice", "pass", reason, gap=apart, **shown)


def _ends(values: Mapping[str, float]) -> tuple[str, str]:
    """Return the names of the smallest and of the largest value."""
    return min(values, key=lambda one: values[one]), max(values, key=lambda one: values[one])
