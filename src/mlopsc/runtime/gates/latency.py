"""The latency gate: percentiles of measured times against their limits.

Two runs measure two times: the decision records them, and who compares runs compares its verdict alone. What was
recorded can be judged by other limits, as far as it was measured in the way that is asked for.
"""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.timing import percentiles, timed
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.learning.frames import features_from, read_features
from mlopsc.vocabulary.gates import LatencyGate
from mlopsc.vocabulary.gates.latency import Batch, Percentile, Single
from mlopsc.vocabulary.operations import JudgeLatency
from mlopsc.vocabulary.time import format_duration

Measured = Mapping[str, Mapping[Percentile, float]]
"""Seconds by kind of prediction, `single` or `batch`, and percentile."""

_CIRCUMSTANCES = ("threads", "machine", "python")


def judge_latency(config: JudgeLatency, model: Path, test: Path, project: Path) -> Decision:
    """Return the decision; `measured` has the seconds by kind of prediction and percentile.

    It fails without a row to predict for. `observed` is the percentile that is closest to its limit, or furthest
    beyond it, as a share of the limit.
    """
    gate = config.gate
    opened = open_model(model, config.code, project, types=config.trust)
    table = read_features(test, features_from(opened.signature))
    measured: dict[str, Mapping[Percentile, float]] = {}
    for kind, how in {} if table.empty else _asked(gate).items():
        seconds = timed(opened.estimator, table, _rows(how), repeats=how.repeats, warm_up=gate.warm_up)
        measured[kind] = percentiles(seconds)
    machine, python = platform.machine(), platform.python_version()
    return _decided(config.name, gate, measured, {"threads": 1, "machine": machine, "python": python})


def judge_measured(name: str, gate: LatencyGate, before: Decision) -> Decision | str:
    """Return what a gate says of times that an earlier decision records; or why these are not what it asks for."""
    asked, measured = _way(gate, _asked(gate)), before.get("measured", {})
    if before.get("training") != gate.training:
        return f"the run measured the model of {before.get('training')!r}, and not of {gate.training!r}"
    if before.get("warm_up") != asked["warm_up"]:
        return f"the run measured after a warm-up of {before.get('warm_up')}, and not of {asked['warm_up']}"
    for kind in _asked(gate):
        for what in ("rows", "repeats"):
            then, now = before.get(what, {}).get(kind), asked[what][kind]
            if then is None:
                return f"the run measured no predictions of the kind {kind!r}"
            if then != now:
                return f"the run measured {kind!r} with `{what}` {then}, and the gate asks for {now}"
    kept = {kind: measured[kind] for kind in _asked(gate) if kind in measured}
    return _decided(name, gate, kept, {key: before[key] for key in _CIRCUMSTANCES})


def _decided(name: str, gate: LatencyGate, measured: Measured, circumstances: Mapping[str, Any]) -> Decision:
    """Judge measured times; none means that there was no row."""
    asked = _asked(gate)
    limits = {
        f"{kind} {percentile}": format_duration(limit)
        for kind, how in asked.items()
        for percentile, limit in how.limits().items()
    }
    shown = {
        "training": gate.training,
        "threshold": limits,
        "measured": measured,
        **_way(gate, asked),
        **circumstances,
    }
    if not measured:
        return decision(name, "latency", "fail", "the test part has no row to predict for", **shown)
    shares: list[float] = []
    faults: list[str] = []
    kept: list[str] = []
    for kind, how in asked.items():
        what = "one row" if _rows(how) == 1 else f"{_rows(how)} rows"
        for percentile, limit in how.limits().items():
            found = measured[kind][percentile]
            shares.append(found / limit.total_seconds())
            said = f"{percentile} of predicting {what} is {_time(found)}"
            if shares[-1] > 1:
                far = _time(found - limit.total_seconds())
                faults.append(f"{said}, {far} above the maximum {format_duration(limit)}")
            else:
                kept.append(f"{said}, at most {format_duration(limit)}")
    return decision(
        name,
        "latency",
        "fail" if faults else "pass",
        "; ".join(faults or kept),
        observed=max(shares),
        **shown,
    )


def _asked(gate: LatencyGate) -> dict[str, Single | Batch]:
    kinds: dict[str, Single | Batch | None] = {"single": gate.single, "batch": gate.batch}
    return {kind: how for kind, how in kinds.items() if how is not None}


def _rows(how: Single | Batch) -> int:
    return how.rows if isinstance(how, Batch) else 1


def _way(gate: LatencyGate, asked: Mapping[str, Single | Batch]) -> dict[str, Any]:
    """Return how it is measured: other numbers make other times."""
    return {
        "warm_up": gate.warm_up,
        "rows": {kind: _rows(how) for kind, how in asked.items()},
        "repeats": {kind: how.repeats for kind, how in asked.items()},
    }


def _time(seconds: float) -> str:
    """Return a measured time with three digits: `3.21ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{number(float(f'{seconds / size:.3g}'))}{unit}"
    return f"{number(float(f'{seconds * 1e6:.3g}'))}us"
