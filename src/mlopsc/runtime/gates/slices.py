"""The slice gate: a metric in each slice of the rows, and how far slices are apart."""

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
    name: str, gate: SliceGate, metric: Metric, scored: Scored, groups: Groups, project: Path
) -> Decision:
    """Return the decision; it fails when a judged slice has no value (NaN), and when none is large enough."""
    low, high, gap = (threshold(name, bound) for bound in (gate.min, gate.max, gate.max_gap))
    sizes = groups.sizes()
    values: dict[str, float | None] = {}
    small: dict[str, int] = {}
    functions = metric_functions([metric], project)
    for index, group in enumerate(groups.names):
        if sizes[index] < gate.min_group:
            small[group] = int(sizes[index])
            continue
        try:
            answers = scored.of(groups.codes == index).answers()
            values[group] = score(answers, [metric], functions).metrics[gate.metric]
        except StepFailed:  # of rows of one class, say, for which there is no such metric
            values[group] = None
    bounds = {"min": low, "max": high, "max_gap": gap}
    shown: dict[str, Any] = {
        "training": gate.training,
        "metric": gate.metric,
        "by": list(gate.by),
        "groups": {
            group: {"rows": int(sizes[i]), "value": values[group]}
            for i, group in enumerate(groups.names)
            if group in values
        },
        "too_small": small,
        "threshold": {key: bound for key, bound in bounds.items() if bound is not None}
        | {"min_group": gate.min_group},
    }
    by = " & ".join(gate.by)
    if not values:
        reason = (
            f"none of {len(small)} slices by {by} has the {gate.min_group} rows that it needs to be judged"
        )
        return decision(name, "slice", "fail", reason, **shown)
    known = {group: value for group, value in values.items() if value is not None}
    faults = [f"{gate.metric} of {group} has no value (NaN)" for group in values if group not in known]
    for group, value in known.items():
        if far := beyond(value, low, high):
            faults.append(f"{gate.metric} of {group} {number(value)} is {far}")
    apart = 0.0
    if known:
        least, most = min(known, key=lambda g: known[g]), max(known, key=lambda g: known[g])
        apart = known[most] - known[least]
        if gap is not None and apart > gap:
            faults.append(
                f"the gap {number(apart)} between {least} ({number(known[least])}) and {most} "
                f"({number(known[most])}) is {number(apart - gap)} above the maximum {number(gap)}"
            )
    aside = f"; too small to be judged: {', '.join(small)}" if small else ""
    if faults:
        return decision(name, "slice", "fail", "; ".join(faults) + aside, gap=apart, **shown)
    kept = [f"at most {number(gap)} apart"] if gap is not None else []
    kept = [within(low, high), *kept] if low is not None or high is not None else kept
    reason = (
        f"{gate.metric} of {len(known)} slices by {by} lies from {number(known[least])} ({least}) to "
        f"{number(known[most])} ({most}): {' and '.join(kept)}{aside}"
    )
    return decision(name, "slice", "pass", reason, gap=apart, **shown)
