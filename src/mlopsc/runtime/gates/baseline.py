"""The baseline gate: is the metric better than that of naive forecasts of the same rows."""

from collections.abc import Mapping
from typing import Any

from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.thresholds import threshold
from mlopsc.vocabulary.gates import BaselineGate


def judge_baseline(
    name: str, gate: BaselineGate, found: Mapping[str, Any], *, greater_is_better: bool
) -> Decision:
    """Return the decision; `found` is what the evaluation says, with `metrics` and `baselines`.

    It fails when the forecast is not there, and when it or the model has no value (NaN).
    """
    value = found["metrics"].get(gate.metric)
    naive = {one: metrics.get(gate.metric) for one, metrics in found.get("baselines", {}).items()}
    asked = naive if gate.over == "every" else {one: naive[one] for one in naive if one == gate.over}
    shown: dict[str, Any] = {
        "training": gate.training,
        "metric": gate.metric,
        "value": value,
        "baselines": asked,
    }
    margin = threshold(name, gate.margin)
    shown["threshold"] = {"over": gate.over, "margin": margin}
    if not asked:
        wanted = "no naive forecast" if gate.over == "every" else f"no {gate.over}"
        reason = f"the evaluation scored {wanted}, only {', '.join(naive) or 'none'}"
        return decision(name, "baseline", "fail", reason, **shown)
    missing = ["the model"] if value is None else [one for one, score in asked.items() if score is None]
    if value is None or missing:
        reason = f"{gate.metric} of {' and '.join(missing)} has no value (NaN)"
        return decision(name, "baseline", "fail", reason, **shown)
    sign = 1.0 if greater_is_better else -1.0
    gains = {one: sign * (value - score) for one, score in asked.items()}
    hardest = min(gains, key=lambda one: gains[one])
    gain = gains[hardest]
    compared = (
        f"{gate.metric} {number(value)} is {number(abs(gain))} {'better' if gain >= 0 else 'worse'} than "
        f"{hardest.replace('_', ' ')}'s {number(asked[hardest])}"
    )
    if gain > 0 and gain >= margin:
        return decision(name, "baseline", "pass", compared, observed=gain, **shown)
    short = f", {number(margin - gain)} short of the margin {number(margin)}"
    return decision(name, "baseline", "fail", compared + (short if margin else ""), observed=gain, **shown)
