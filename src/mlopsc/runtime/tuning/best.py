"""The reports of a search's trials, in order, and the best of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.runtime.decisions import read_json
from mlopsc.vocabulary.metrics import CustomMetric, Metric

_ALIKE = ("index", "params", "scores", "mean", "std", "status", "message")
_STAGED = ("candidate", "rung", "resource")


def reports(inputs: Mapping[str, Path], count: int) -> list[dict[str, Any]]:
    """Return the reports of all trials: those of earlier rounds, which `so_far` tells of, and of the last `count`."""
    earlier = read_json(inputs["so_far"])["trials"] if "so_far" in inputs else []
    last = [read_json(inputs[f"trials_{index}"]) for index in range(count)]
    told = [{key: one[key] for key in (*_ALIKE, *(key for key in _STAGED if key in one))} for one in last]
    return [*earlier, *sorted(told, key=lambda one: one["index"])]


def best_of(trials: Sequence[Mapping[str, Any]], metric: Metric) -> Mapping[str, Any] | None:
    """Return the first of those trials whose mean is the best, None when none came to a score.

    Where trials stand on rungs, the last one that has any decides: on others less was learned from.
    """
    sign = sign_of(metric)
    done = [one for one in trials if one["status"] == "ok"]
    last = max((one.get("rung", 0) for one in done), default=0)
    final = [one for one in done if one.get("rung", 0) == last]
    return max(final, key=lambda one: sign * one["mean"], default=None)  # the first of equals


def chosen(trials: Path) -> dict[str, Any]:
    """Return the parameters of the best of the collected trials."""
    report = read_json(trials)
    best: dict[str, Any] = next(one["params"] for one in report["trials"] if one["index"] == report["best"])
    return best


def sign_of(metric: Metric) -> int:
    """Return 1 where a metric is to be great, -1 where it is to be small."""
    return -1 if isinstance(metric, CustomMetric) and not metric.greater_is_better else 1
