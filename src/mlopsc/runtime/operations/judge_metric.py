"""Judge a metric gate: does a metric of the test part lie within its bounds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision, number, read_json, write_json
from mlopsc.vocabulary.gates import MetricGate, Threshold
from mlopsc.vocabulary.operations import JudgeMetric
from mlopsc.vocabulary.references import ParameterReference


def run(
    config: JudgeMetric,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write the decision on the candidate's metric."""
    found = judge(config.name, config.gate, read_json(inputs["metrics"])["metrics"])
    write_json(outputs["decision"], found)


def judge(name: str, gate: MetricGate, metrics: Mapping[str, Any]) -> Decision:
    """Return the decision of a metric gate; a metric without a value (NaN) fails.

    Raises MlopscError when the metric was not computed, or a threshold is a parameter without a value.
    """
    if gate.metric not in metrics:
        there = ", ".join(sorted(metrics)) or "none"
        raise MlopscError(f"gate {name!r} wants metric {gate.metric!r}, which was not computed: {there}")
    value: float | None = metrics[gate.metric]
    low, high = threshold(name, gate.min), threshold(name, gate.max)
    bounds = {key: bound for key, bound in (("min", low), ("max", high)) if bound is not None}
    shown: dict[str, Any] = {"threshold": bounds, "metric": gate.metric, "training": gate.training}
    if value is None:
        reason = f"{gate.metric} has no value (NaN)"
        return decision(name, "metric", "fail", reason, observed=None, **shown)
    what = f"{gate.metric} {number(value)}"
    if low is not None and value < low:
        reason = f"{what} is {number(low - value)} below the minimum {number(low)}"
        return decision(name, "metric", "fail", reason, observed=value, **shown)
    if high is not None and value > high:
        reason = f"{what} is {number(value - high)} above the maximum {number(high)}"
        return decision(name, "metric", "fail", reason, observed=value, **shown)
    within = " and ".join(
        part
        for bound, part in ((low, f"at least {number(low or 0)}"), (high, f"at most {number(high or 0)}"))
        if bound is not None
    )
    return decision(name, "metric", "pass", f"{what} is {within}", observed=value, **shown)


def threshold(name: str, value: Threshold | None) -> float | None:
    """Return a gate's threshold; raises MlopscError when it is still a reference to a parameter."""
    if isinstance(value, ParameterReference):
        raise MlopscError(f"gate {name!r} needs a value for the parameter {value.name!r}")
    return value
