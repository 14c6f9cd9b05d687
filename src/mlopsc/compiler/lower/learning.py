"""What steps that train say: the train step, the refit, and the gate that trains again."""

from typing import Any

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.spec.training import Training
from mlopsc.vocabulary.deciding import Threshold
from mlopsc.vocabulary.evaluation import BinaryCosts
from mlopsc.vocabulary.metrics import value_metrics
from mlopsc.vocabulary.operations import Train


def learning(analysis: Analysis, name: str, training: Training) -> dict[str, Any]:
    """Return what a train step says."""
    return {
        "training": name,
        "estimator": training.estimator,
        "params": training.params,
        "preprocess": training.preprocess,
        "class_weight": training.class_weight,
        "sample_weight": training.sample_weight,
        "calibrate": training.calibrate,
        "threshold": decided(training),
        "split": training.split if training.holds_out else None,
        "features": feature_columns(analysis, training),
        "for_each": training.for_each,
        "label": training.entities.label,
        "seed": training.seed,
        "example": training.example,
        "trust": training.trust,
    }


def train_operation(analysis: Analysis, name: str, training: Training, *, tuned: bool = False) -> Train:
    """Return how a training's model is made, for steps that train again; `tuned` as its recipe says it."""
    said = {key: value for key, value in learning(analysis, name, training).items() if value is not None}
    return Train.model_construct(operation="train", **said, tuned=tuned)


def decided(training: Training) -> Threshold | None:
    """Return a training's rule for the threshold, with its cost matrix where that says what is maximized."""
    rule, matrix = training.threshold, training.cost_matrix
    names = {metric.name for metric in value_metrics(matrix)}
    if rule is None or rule.maximize not in names or not isinstance(matrix, BinaryCosts):
        return rule
    return rule.model_copy(update={"maximize": None, "cost_matrix": matrix})


def judged_operation(analysis: Analysis, name: str, training: Training) -> Train:
    """Return how the model that gates judge was made; one put together of segments' does not tell of a search."""
    tuned = training.tune is not None and training.for_each is None
    return train_operation(analysis, name, training, tuned=tuned)
