"""Scores of a fitted model: every metric from one prediction, labels of any type, nothing printed.

A scorer asks the model again for what another one asked already, so answers are kept. Classes are scored as
codes 0, 1, … in the model's order of classes: of two classes, the positive one is the one that sorts last
(`True`, `1`, `yes`), for scorers of strings too.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.runtime.learning.value import value_of_decisions
from mlopsc.vocabulary.metrics import CustomMetric, Metric, ValueMetric, metric_name

Values = npt.NDArray[Any]
CustomFunction = Callable[[Values, Values, Values | None], float]


@dataclass(frozen=True)
class Scores:
    """Metric → value in the declared order; None where it is NaN or infinite, and the notes say why."""

    metrics: dict[str, float | None]
    notes: tuple[str, ...] = ()


def _has(name: str) -> Callable[["Answers"], bool]:
    return lambda answers: hasattr(answers.model, name)


class Answers:
    """A fitted model on rows with known labels, as scorers see it: asked each question once, classes are codes."""

    def __init__(self, model: Any, table: pd.DataFrame, truth: Values) -> None:
        self.model = model
        self.table = table
        self.truth = truth
        self._kept: dict[str, Values] = {}
        self.classes = class_labels(model)
        if self.classes is not None:
            self.classes_ = np.arange(len(self.classes))

    def __sklearn_tags__(self) -> Tags:
        return get_tags(self.model)

    @available_if(_has("predict"))  # type: ignore[untyped-decorator]
    def predict(self, _: Any) -> Values:
        return self.decided

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, _: Any) -> Values:
        return self.ask("predict_proba")

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, _: Any) -> Values:
        return self.ask("decision_function")

    @cached_property
    def codes(self) -> Values:
        """The true labels as positions among the classes, those that the model never saw after them; numbers as
        they are."""
        return _codes(self.truth, self.classes)

    @cached_property
    def decided(self) -> Values:
        """What `predict` says, as positions among the classes; numbers as they are."""
        return _codes(self.ask("predict"), self.classes)

    @property
    def labels(self) -> list[Any]:
        """The model's classes, in its order; none of a regression."""
        return [] if self.classes is None else self.classes.tolist()

    @cached_property
    def unseen(self) -> list[Any]:
        """Labels that the model never saw, sorted."""
        return [] if self.classes is None else _unseen(self.truth, self.classes)

    def ask(self, name: str) -> Values:
        """Return what the model says, asked once."""
        if name not in self._kept:
            with steady_sums():
                self._kept[name] = np.asarray(self._said(name))
        return self._kept[name]

    def _said(self, name: str) -> Any:
        """Ask the model; of a pipeline's preparation, which all its answers share, once."""
        if type(self.model) is not Pipeline or len(self.model.steps) == 1:
            return getattr(self.model, name)(self.table)
        return getattr(self.model.steps[-1][1], name)(self._prepared)

    @cached_property
    def _prepared(self) -> Any:
        return self.model[:-1].transform(self.table)

    def was_asked(self, name: str) -> bool:
        """Whether the answer is there already."""
        return name in self._kept

    def of_every(self, step: int) -> "Answers":
        """Return the same model, not asked yet, on every so many-th row."""
        return Answers(self.model, self.table.iloc[::step], self.truth[::step])

    def probability(self) -> Values | None:
        """Return the positive class's probability, of several classes the matrix, or None without any."""
        if not hasattr(self.model, "predict_proba"):
            return None
        matrix = self.ask("predict_proba")
        return matrix[:, 1] if matrix.ndim == 2 and matrix.shape[1] == 2 else matrix


def score(answers: Answers, metrics: Sequence[Metric], functions: Mapping[str, CustomFunction]) -> Scores:
    """Return the metrics of a fitted model on rows with known labels.

    `functions` holds the custom metrics by name. Without rows every metric is None. Raises StepFailed when a
    scorer does not fit the task or a user's function fails.
    """
    if not len(answers.truth):
        return Scores({metric_name(metric): None for metric in metrics}, ("there are no rows to score",))
    values: dict[str, float | None] = {}
    notes: list[str] = []
    for metric in metrics:
        name = metric_name(metric)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            match metric:
                case CustomMetric():
                    value = _custom(functions[name], name, answers)
                case ValueMetric():
                    value = float(value_of_decisions(metric, answers)(np.ones((1, len(answers.truth))))[0])
                case _:
                    value = _scorer(metric, answers)
        notes.extend(f"{name}: {one_line(warning.message)}" for warning in caught)
        if not math.isfinite(value):
            notes.append(f"{name}: the value is {value}")
        values[name] = value if math.isfinite(value) else None
    return Scores(values, tuple(dict.fromkeys(notes)))


def _scorer(name: str, answers: Answers) -> float:
    try:
        return float(get_scorer(name)(answers, answers.table, answers.codes))
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise StepFailed(
            f"metric {name!r} cannot be computed for this model: {one_line(error)}",
            help="choose a metric of the model's task: for several classes one such as f1_macro, roc_auc_ovr",
        ) from error


def _custom(function: CustomFunction, name: str, answers: Answers) -> float:
    predicted, probability = answers.ask("predict"), answers.probability()
    try:
        value = function(answers.truth, predicted, probability)
    except Exception as error:  # whatever a user's function raises, the message has to name the metric
        raise StepFailed(f"metric {name!r} raised {type(error).__name__}: {one_line(error)}") from error
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise StepFailed(f"metric {name!r} returned {value!r}: expected a number") from error


def class_labels(model: Any) -> Values | None:
    """Return the classes of a fitted classifier in its own order, None for anything else."""
    classes = getattr(model, "classes_", None)
    return None if classes is None else np.asarray(classes)


def _codes(truth: Values, classes: Values | None) -> Values:
    """Return the positions of labels among the classes; labels the model never saw come after them."""
    if classes is None:
        return truth
    unseen = _unseen(truth, classes)
    known = pd.Index([*classes.tolist(), *unseen], dtype=object if unseen else None)
    return np.asarray(known.get_indexer(pd.Index(truth)))


def _unseen(truth: Values, classes: Values) -> list[Any]:
    return sorted(set(pd.unique(truth).tolist()) - set(classes.tolist()))


def one_line(message: object) -> str:
    """Return a message without line breaks."""
    return " ".join(str(message).split())
