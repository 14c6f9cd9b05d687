"""The latency gate: percentiles of measured times against their limits.

Two runs measure two times: the decision records them, and who compares runs compares its verdict alone.
"""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.timing import percentiles, timed
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.learning.frames import features_from, read_features
from mlopsc.vocabulary.gates.latency import Batch, Percentile
from mlopsc.vocabulary.operations import JudgeLatency
from mlopsc.vocabulary.time import format_duration


def judge_latency(config: JudgeLatency, model: Path, test: Path, project: Path) -> Decision:
    """Return the decision; `measured` has the seconds by kind of prediction and percentile.

    It fails without a row to predict for. `observed` is the percentile that is closest to its limit, or furthest
    beyond it, as a share of the limit.
    """
    gate = config.gate
    asked = {kind: how for kind, how in (("single", gate.single), ("batch", gate.batch)) if how is not None}
    shown: dict[str, Any] = {
        "training": gate.training,
        "threshold": {
            f"{kind} {name}": format_duration(limit)
            for kind, how in asked.items()
            for name, limit in how.limits().items()
        },
        "threads": 1,
        "warm_up": gate.warm_up,
        "repeats": {kind: how.repeats for kind, how in asked.items()},
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    opened = open_model(model, config.code, project, types=config.trust)
    table = read_features(test, features_from(opened.signature))
    if table.empty:
        reason = "the test part has no row to predict for"
        return decision(config.name, "latency", "fail", reason, measured={}, **shown)
    measured: dict[str, Mapping[Percentile, float]] = {}
    shares: list[float] = []
    faults: list[str] = []
    kept: list[str] = []
    for kind, how in asked.items():
        rows = how.rows if isinstance(how, Batch) else 1
        seconds = timed(opened.estimator, table, rows, repeats=how.repeats, warm_up=gate.warm_up)
        found = percentiles(seconds)
        measured[kind] = found
        what = "one row" if rows == 1 else f"{rows} rows"
        for name, limit in how.limits().items():
            shares.append(found[name] / limit.total_seconds())
            said = f"{name} of predicting {what} is {_time(found[name])}"
            if shares[-1] > 1:
                far = _time(found[name] - limit.total_seconds())
                faults.append(f"{said}, {far} above the maximum {format_duration(limit)}")
            else:
                kept.append(f"{said}, at most {format_duration(limit)}")
    return decision(
        config.name,
        "latency",
        "fail" if faults else "pass",
        "; ".join(faults or kept),
        observed=max(shares),
        measured=measured,
        **shown,
    )


def _time(seconds: float) -> str:
    """Return a measured time with three digits: `3.21ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{number(float(f'{seconds / size:.3g}'))}{unit}"
    return f"{number(float(f'{seconds * 1e6:.3g}'))}us"
