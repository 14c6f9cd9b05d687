"""Evaluate: a model's metrics on the test part."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.learning.fitted import open_model, score_model
from mlopsc.runtime.learning.frames import read_rows
from mlopsc.vocabulary.operations import Evaluate


def run(config: Evaluate, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the metrics; null is NaN, and the notes say why. Raises StepFailed for an unfit metric."""
    model = open_model(inputs["model"], config.code, context.project)
    scores = score_model(model, inputs["test"], config.metrics, context.project)
    found = {
        "training": config.training,
        "rows": len(read_rows(inputs["test"])),
        "metrics": scores.metrics,
        "notes": list(scores.notes),
    }
    write_json(outputs["metrics"], found)
