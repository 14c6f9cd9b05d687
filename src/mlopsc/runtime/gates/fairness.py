"""The fairness gate: rates of groups, and how far the largest and the smallest are apart.

Of a group: the selection rate is the share of positive predictions, the true positive rate that among positive rows,
the false positive rate that among the others, precision the share of positive rows among positive predictions. A
difference is the largest less the smallest, a ratio the smallest by the largest, as in Fairlearn's
`MetricFrame.difference` and `.ratio` (method `between_groups`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.groups import Groups
from mlopsc.runtime.gates.thresholds import threshold
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.gates import Criterion, FairnessGate

RATES: dict[Criterion, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "equal_opportunity": ("true_positive_rate",),
    "predictive_parity": ("precision",),
}
"""The rates that a criterion compares; of several the worst counts."""

Mask = npt.NDArray[np.bool_]
Rates = dict[str, float | None]
Key = tuple[Criterion, str]
"""A criterion, and how its rates are compared: `max_difference` or `min_ratio`."""


def judge_fairness(name: str, gate: FairnessGate, scored: Scored, groups: Groups) -> Decision:
    """Return the decision of a fairness gate.

    It fails when a disparity is beyond its bound or has no value: a rate of a judged group that nothing can be divided
    by (a group without positive rows, say), or a ratio of rates that are all 0. Raises StepFailed when the model tells
    no two classes apart and none is named.
    """
    truth, predicted = positives(scored, gate)
    sizes, least = groups.sizes(), max(gate.min_group, groups.least)
    judged = [index for index in range(len(groups.names)) if sizes[index] >= least]
    small = {groups.names[i]: int(sizes[i]) for i in range(len(groups.names)) if i not in judged}
    rates = {index: _rates(truth, predicted, groups.codes == index) for index in judged}
    bounds: dict[Key, float] = {
        (criterion, kind): bound
        for criterion, disparity in gate.criteria().items()
        for kind in ("max_difference", "min_ratio")
        if (bound := threshold(name, getattr(disparity, kind))) is not None
    }
    found: dict[str, Any] = {
        "training": gate.training,
        "by": list(gate.divided_by),
        "groups": {groups.names[i]: {"rows": int(sizes[i]), **rates[i]} for i in judged},
        "too_small": small,
        "threshold": {_words(key): bound for key, bound in bounds.items()} | {"min_group": least},
    }
    if len(judged) < 2:
        reason = (
            f"{len(judged)} of {len(groups.names)} groups by {groups.by} have the {least} rows "
            "that a group needs to be judged, and it takes two to compare"
        )
        return decision(name, "fairness", "fail", reason, disparities={}, **found)
    tables = [rates[index] for index in judged]
    names = [groups.names[index] for index in judged]
    disparities = {key: _disparity(key, tables) for key in bounds}
    found["disparities"] = {_words(key): value for key, value in disparities.items()}
    aside = f"; too small to be judged: {', '.join(small)}" if small else ""
    faults = [fault for key in bounds if (fault := _fault(key, disparities[key], bounds[key], tables, names))]
    if faults:
        return decision(name, "fairness", "fail", "; ".join(faults) + aside, **found)
    kept = ", ".join(f"{_words(key)} {number(value or 0)}" for key, value in disparities.items())
    reason = f"{kept} between {len(judged)} groups by {groups.by}{aside}"
    return decision(name, "fairness", "pass", reason, **found)


def positives(scored: Scored, gate: FairnessGate) -> tuple[Mask, Mask]:
    """Return which rows are positive, and of which the model says so; raises StepFailed when that means nothing."""
    if scored.classes is None:
        raise StepFailed(
            f"fairness of {gate.training!r} cannot be judged: the model predicts numbers, not classes"
        )
    classes = scored.classes.tolist()
    if gate.positive is None and len(classes) != 2:
        raise StepFailed(
            f"fairness of {gate.training!r} cannot be judged: which of the {len(classes)} classes is positive?",
            help=f"name it: `positive: {classes[-1]}`",
        )
    positive = classes[-1] if gate.positive is None else gate.positive
    if positive not in classes or isinstance(positive, bool) != isinstance(classes[0], bool):
        raise StepFailed(
            f"fairness of {gate.training!r} cannot be judged: {positive!r} is no class of the model",
            help=f"its classes: {', '.join(map(str, classes[:20]))}",
        )
    return np.asarray(scored.truth == positive), np.asarray(scored.said["predict"] == positive)


def _rates(truth: Mask, predicted: Mask, rows: Mask) -> Rates:
    true, said = truth[rows], predicted[rows]
    return {
        "selection_rate": _share(said.sum(), len(said)),
        "true_positive_rate": _share((true & said).sum(), true.sum()),
        "false_positive_rate": _share((~true & said).sum(), (~true).sum()),
        "precision": _share((true & said).sum(), said.sum()),
    }


def _share(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


def _disparity(key: Key, tables: Sequence[Rates]) -> float | None:
    """Return the worst difference or ratio of a criterion's rates; None when one has no value."""
    criterion, kind = key
    worst: list[float] = []
    for rate in RATES[criterion]:
        values = [table[rate] for table in tables]
        if any(value is None for value in values):
            return None
        known = [value for value in values if value is not None]
        if kind == "max_difference":
            worst.append(max(known) - min(known))
        elif max(known) == 0:
            return None
        else:
            worst.append(min(known) / max(known))
    return max(worst) if kind == "max_difference" else min(worst)


def _fault(
    key: Key, value: float | None, bound: float, tables: Sequence[Rates], names: Sequence[str]
) -> str | None:
    criterion, kind = key
    if value is None:
        return f"{_words(key)} has no value (NaN): {_undefined(criterion, tables, names)}"
    if kind == "max_difference" and value > bound:
        far = f"{number(value - bound)} above the maximum {number(bound)}"
    elif kind == "min_ratio" and value < bound:
        far = f"{number(bound - value)} below the minimum {number(bound)}"
    else:
        return None
    return f"{_words(key)} {number(value)} is {far} ({_apart(criterion, kind, tables, names)})"


def _apart(criterion: Criterion, kind: str, tables: Sequence[Rates], names: Sequence[str]) -> str:
    """Name the groups that are furthest apart, with the rate by which they are."""
    spreads = []
    for rate in RATES[criterion]:
        values = [table[rate] or 0.0 for table in tables]
        low, high = int(np.argmin(values)), int(np.argmax(values))
        apart = values[high] - values[low] if kind == "max_difference" else -values[low] / values[high]
        spreads.append((apart, rate, low, high, values))
    _, rate, low, high, values = max(spreads, key=lambda one: one[0])
    return (
        f"{rate.replace('_', ' ')} {number(values[low])} of {names[low]}, "
        f"{number(values[high])} of {names[high]}"
    )


def _undefined(criterion: Criterion, tables: Sequence[Rates], names: Sequence[str]) -> str:
    for rate in RATES[criterion]:
        for table, name in zip(tables, names, strict=True):
            if table[rate] is None:
                return f"{name} has no {rate.replace('_', ' ')}"
    return "the rates of all groups are 0"


def _words(key: Key) -> str:
    criterion, kind = key
    return f"{criterion.replace('_', ' ')} {kind.partition('_')[2]}"
