"""Evaluate: a model's metrics on the test part and what stands beside them, and the curves behind them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json, write_json
from mlopsc.runtime.learning.curves import curves
from mlopsc.runtime.learning.evaluation import measured
from mlopsc.runtime.learning.fitted import answers_of, metric_functions, open_model
from mlopsc.runtime.learning.scored import write_scored
from mlopsc.runtime.tuning.nested import nested_scores
from mlopsc.vocabulary.evaluation import BinaryCosts
from mlopsc.vocabulary.metrics import ValueMetric
from mlopsc.vocabulary.operations import Evaluate


def run(config: Evaluate, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the metrics and the curves; null is NaN, and the notes say why. Raises StepFailed for an unfit metric."""
    model = open_model(inputs["model"], config.code, context.project, types=config.trust)
    answers = answers_of(model, inputs["test"])
    functions = metric_functions(config.metrics, context.project)
    about = {"training": config.training, "rows": len(answers.truth)}
    found = measured(answers, config, functions, train=inputs["train"], test=inputs["test"])
    if config.nested:
        found["nested"] = nested_scores(
            [read_json(inputs[f"nested_{fold}"]) for fold in range(config.nested)]
        )
    write_json(outputs["metrics"], about | found | _deciding(config, model.signature))
    write_json(outputs["curves"], about | curves(answers))
    if config.scored:
        write_scored(outputs["scored"], answers, inputs["test"])


def _deciding(config: Evaluate, signature: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the decisions hang on: the threshold, and what they are worth; where there is one."""
    matrix = next((metric.matrix for metric in config.metrics if isinstance(metric, ValueMetric)), None)
    values = matrix.model_dump() if isinstance(matrix, BinaryCosts) else matrix
    found = {"threshold": signature.get("threshold"), "cost_matrix": values}
    return {name: value for name, value in found.items() if value is not None}
