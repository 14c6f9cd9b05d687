"""The value of decisions: what a cost matrix says that each of them is worth."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.vocabulary.evaluation import BinaryCosts
from mlopsc.vocabulary.metrics import ValueMetric

if TYPE_CHECKING:
    from mlopsc.runtime.learning.scoring import Answers

Floats = npt.NDArray[np.float64]


def value_of_decisions(metric: ValueMetric, answers: "Answers") -> Callable[[Floats], Floats]:
    """Return the total value of the decisions, or its mean over the rows, as a function of weights (weightings × rows).

    Raises StepFailed when the matrix does not suit the model's classes.
    """
    worth = value_table(metric, answers)[answers.codes, answers.decided]
    if metric.of == "total":
        return lambda weights: weights @ worth
    return lambda weights: (weights @ worth) / weights.sum(axis=1)


def value_table(metric: ValueMetric, answers: "Answers") -> Floats:
    """Return the value of each (label, decision) by their codes; 0 for pairs that the matrix does not name."""
    labels = [*answers.labels, *answers.unseen]
    matrix = metric.matrix
    if answers.classes is None:
        raise StepFailed(
            "`cost_matrix` gives decisions between classes a value, and this model predicts numbers"
        )
    if isinstance(matrix, BinaryCosts):
        if len(answers.classes) != 2:
            raise StepFailed(
                f"`cost_matrix` speaks of true and false positives, and the model has {len(answers.classes)} classes: "
                f"{', '.join(map(str, answers.labels))}",
                help="give each pair its value: `cost_matrix: {actual: {predicted: value}}`",
            )
        named = {
            (1, 1): matrix.true_positive,
            (0, 1): matrix.false_positive,
            (0, 0): matrix.true_negative,
            (1, 0): matrix.false_negative,
        }
    else:
        codes = {_written(label): code for code, label in enumerate(labels)}
        named = {
            (_code(actual, codes), _code(said, codes)): value
            for actual, row in matrix.items()
            for said, value in row.items()
        }
    table = np.zeros((len(labels), len(labels)))
    for (actual, said), value in named.items():
        table[actual, said] = value
    return table


def _code(name: str, codes: dict[str, int]) -> int:
    if name not in codes:
        raise StepFailed(
            f"`cost_matrix` names {name!r}, which is no class of the model",
            help=did_you_mean(name, codes, noun="its classes:"),
        )
    return codes[name]


def _written(label: object) -> str:
    """Return a class as YAML writes it."""
    return str(label).lower() if isinstance(label, bool) else str(label)
