"""The metric gate on a metric's value."""

from collections.abc import Mapping
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.thresholds import beyond, threshold, within
from mlopsc.vocabulary.gates import MetricGate


def judge_value(name: str, gate: MetricGate, metrics: Mapping[str, Any]) -> Decision:
    """Return the decision of a metric gate; a metric without a value (NaN) fails.

    Raises MlopscError when the metric was not computed, or a threshold is a parameter without a value.
    """
    if gate.metric not in metrics:
        there = ", ".join(sorted(metrics)) or "none"
        raise MlopscError(f"gate {name!r} wants metric {gate.metric!r}, which was not computed: {there}")
    return judge_bounds(name, gate, metrics[gate.metric], gate.metric, {})


def judge_bounds(
    name: str, gate: MetricGate, value: float | None, what: str, evidence: Mapping[str, Any]
) -> Decision:
    """Return the decision on a value, which `what` calls by its name."""
    low, high = threshold(name, gate.min), threshold(name, gate.max)
    bounds = {key: bound for key, bound in (("min", low), ("max", high)) if bound is not None}
    shown = {"threshold": bounds, "metric": gate.metric, "training": gate.training, **evidence}
    if value is None:
        return decision(name, "metric", "fail", f"{what} has no value (NaN)", observed=None, **shown)
    far = beyond(value, low, high)
    reason = f"{what} {number(value)} is {far or within(low, high)}"
    return decision(name, "metric", "fail" if far else "pass", reason, observed=value, **shown)
