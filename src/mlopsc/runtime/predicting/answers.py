"""A model's answers as columns: the prediction, and of a classifier each class's probability."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.misfits import class_word
from mlopsc.runtime.learning.scoring import class_labels, one_line
from mlopsc.vocabulary.predicting import PREDICTION, PROBABILITY

Values = npt.NDArray[Any]

_BY_PROBABILITY = frozenset(
    {
        DecisionTreeClassifier,
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        LogisticRegression,
        RandomForestClassifier,
    }
)
"""Classifiers whose `predict` is the class of the greatest probability, so that asking once is enough."""
_TIE = 1e-6
"""Where the two greatest probabilities are nearer than this, rounding may decide, and `predict` itself is asked."""


class Oracle:
    """A fitted model that answers with Arrow columns; `fields` are their names and types."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self._classes = class_labels(estimator)
        self._probable = self._classes is not None and hasattr(estimator, "predict_proba")
        last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        self._once = self._probable and type(last) in _BY_PROBABILITY
        kind = pa.float64() if self._classes is None else _type_of(self._classes)
        names = [f"{PROBABILITY}{class_word(label)}" for label in self._labels] if self._probable else []
        self.fields: tuple[pa.Field, ...] = (
            pa.field(PREDICTION, kind),
            *(pa.field(name, pa.float64()) for name in names),
        )

    @property
    def _labels(self) -> list[Any]:
        return [] if self._classes is None else self._classes.tolist()

    def ask(self, table: pd.DataFrame) -> list[pa.Array]:
        """Return a column for each of `fields`; raises StepFailed when the model cannot answer."""
        try:
            probability = self._asked("predict_proba", table) if self._probable else None
            predicted = self._predicted(table, probability)
        except StepFailed:
            raise
        except Exception as error:  # scikit-learn's and the user's: the message has to name the model
            raise StepFailed(
                f"{type(self._estimator).__name__} cannot predict: {type(error).__name__}: {one_line(error)}"
            ) from error
        columns = [predicted, *([] if probability is None else probability.T)]
        return [pa.array(_plain(one), field.type) for one, field in zip(columns, self.fields, strict=True)]

    def _predicted(self, table: pd.DataFrame, probability: Values | None) -> Values:
        if not self._once or probability is None or self._classes is None:
            return self._asked("predict", table)
        best = np.argmax(probability, axis=1)
        predicted: Values = self._classes[best]
        unsure = np.flatnonzero(_margin(probability, best) < _TIE)
        if len(unsure):
            predicted[unsure] = self._asked("predict", table.iloc[unsure])
        return predicted

    def _asked(self, question: str, table: pd.DataFrame) -> Values:
        answer: Values = np.asarray(getattr(self._estimator, question)(table))
        return answer


def _margin(probability: Values, best: Values) -> Values:
    """Return by how much the greatest probability of each row exceeds the next."""
    rest = probability.copy()
    rows = np.arange(len(best))
    top = rest[rows, best]
    rest[rows, best] = -np.inf
    margin: Values = top - rest.max(axis=1)
    return margin


def _type_of(classes: Values) -> pa.DataType:
    match classes.dtype.kind:
        case "b":
            return pa.bool_()
        case "i" | "u":
            return pa.int64()
        case "f":
            return pa.float64()
        case _:
            return pa.string()


def _plain(values: Values) -> Values | Sequence[Any]:
    flat = values.reshape(-1)
    return flat.tolist() if flat.dtype == object else np.ascontiguousarray(flat)
