"""Collect trials: the reports of a search in one, and which of them is the best."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.tuning.best import best_of, reports
from mlopsc.vocabulary.metrics import metric_name
from mlopsc.vocabulary.operations import CollectTrials


def run(
    config: CollectTrials,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write all trials and the best of them. Raises StepFailed when none of them came to a score."""
    trials = reports(inputs, config.count)
    best = best_of(trials, config.metric)
    if best is None:
        raise StepFailed(
            f"training {config.training!r}: all {len(trials)} trials failed; the first one: {trials[0]['message']}",
            help="look at the space: some of its parameters may not go together",
        )
    about = {"training": config.training, "metric": metric_name(config.metric)}
    outer = {} if config.outer is None else {"outer": config.outer}
    write_json(outputs["trials"], {**about, **outer, "trials": trials, "best": best["index"]})
