"""Collect trials: the reports of a search in one, and which of them is the best."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json, write_json
from mlopsc.vocabulary.metrics import CustomMetric, Metric, metric_name
from mlopsc.vocabulary.operations import CollectTrials

_ALIKE = ("index", "params", "scores", "mean", "std", "status", "message")


def run(
    config: CollectTrials,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write all trials and the best of them. Raises StepFailed when every trial failed."""
    found = [read_json(inputs[f"trials_{index}"]) for index in range(config.count)]
    trials = [{key: one[key] for key in _ALIKE} for one in sorted(found, key=lambda one: one["index"])]
    best = best_of(trials, config.metric)
    if best is None:
        raise StepFailed(
            f"training {config.training!r}: all {len(trials)} trials failed; the first one: {trials[0]['message']}",
            help="look at the space: some of its parameters may not go together",
        )
    about = {"training": config.training, "metric": metric_name(config.metric)}
    write_json(outputs["trials"], about | {"trials": trials, "best": best["index"]})


def best_of(trials: Sequence[Mapping[str, Any]], metric: Metric) -> Mapping[str, Any] | None:
    """Return the first of those trials whose mean is the best, None when all failed."""
    sign = -1 if isinstance(metric, CustomMetric) and not metric.greater_is_better else 1
    done = [one for one in trials if one["status"] == "ok"]
    return max(done, key=lambda one: sign * one["mean"], default=None)  # the first of equals
