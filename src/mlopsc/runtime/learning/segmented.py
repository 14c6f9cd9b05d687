"""One model of several: each row is answered by the model of its segment, of which a column tells.

The column is among the features that the whole is given. Models of segments are given the others; the pooled one, for
rows that are of none, is given all.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if

from mlopsc.runtime.learning.misfits import SHOWN, misfit_error, shown
from mlopsc.runtime.learning.scoring import class_labels
from mlopsc.runtime.learning.segment_places import Places, places_of, wanted
from mlopsc.vocabulary.segments import Segment

Values = npt.NDArray[Any]


def _all_have(name: str) -> Any:
    return lambda whole: all(hasattr(model, name) for model in whole._all())


def _score_alike(whole: "SegmentedModel") -> bool:
    labels = [class_labels(model) for model in whole._all()]
    return _all_have("decision_function")(whole) and all(
        one is not None and np.array_equal(one, whole.classes_) for one in labels
    )


class SegmentedModel(BaseEstimator):  # type: ignore[misc]
    """Fitted `models`, in the order of the `values` of a `column`; `pooled` answers for rows of other values.

    Classes are those of all the models, sorted: one that a model never saw has there the probability 0.
    """

    def __init__(
        self, column: str, values: Sequence[Segment], models: Sequence[Any], pooled: Any = None
    ) -> None:
        self.column = column
        self.values = values
        self.models = models
        self.pooled = pooled
        labels = [class_labels(model) for model in self._all()]
        if all(one is not None for one in labels):
            self.classes_ = np.unique(np.concatenate([one for one in labels if one is not None]))

    def predict(self, table: pd.DataFrame) -> Values:
        """Return a prediction for each row. Raises StepFailed for rows of which no model knows."""
        kind = self.classes_.dtype if hasattr(self, "classes_") else np.dtype(np.float64)
        found = np.empty(len(table), dtype=kind)
        for model, rows, part in self._parts(table):
            found[rows] = np.asarray(model.predict(part)).reshape(-1)
        return found

    @available_if(_all_have("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, table: pd.DataFrame) -> Values:
        """Return the probability of each class, columns in the order of `classes_`. Raises as `predict` does."""
        found = np.zeros((len(table), len(self.classes_)))
        for model, rows, part in self._parts(table):
            columns = np.searchsorted(self.classes_, np.asarray(model.classes_))
            found[np.ix_(rows, columns)] = model.predict_proba(part)
        return found

    @available_if(_score_alike)  # type: ignore[untyped-decorator]
    def decision_function(self, table: pd.DataFrame) -> Values:
        """Return the scores of the classes, where all models know the same. Raises as `predict` does."""
        shape = (len(table),) if len(self.classes_) == 2 else (len(table), len(self.classes_))
        found = np.zeros(shape)
        for model, rows, part in self._parts(table):
            found[rows] = model.decision_function(part)
        return found

    def _all(self) -> list[Any]:
        return [*self.models, *([] if self.pooled is None else [self.pooled])]

    def _parts(self, table: pd.DataFrame) -> Iterator[tuple[Any, Places, pd.DataFrame]]:
        """Yield each model that rows are for, the places of these rows, and what it is given of them."""
        places = places_of(table[self.column], self.values)
        strange = np.flatnonzero(places < 0)
        if len(strange) and self.pooled is None:
            raise self._unknown(table[self.column], strange)
        for place in np.unique(places).tolist():
            rows = np.flatnonzero(places == place)
            part = table.iloc[rows]
            if place < 0:
                yield self.pooled, rows, part
            else:
                yield self.models[place], rows, part.drop(columns=self.column)

    def _unknown(self, column: "pd.Series[Any]", rows: Places) -> Exception:
        values = column.iloc[rows[:SHOWN]].tolist()
        cells = [
            stranger(f"row {row + 1}", self.column, value, self.values)
            for row, value in zip(rows.tolist(), values, strict=False)
        ]
        return misfit_error("the table does not suit the model", cells, len(rows), OTHERS)

    def __sklearn_tags__(self) -> Tags:
        tags, inner = super().__sklearn_tags__(), get_tags(self.models[0])
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        return tags


OTHERS = "rows are of a segment that has no model"


def stranger(place: str, column: str, value: Any, values: Sequence[Segment]) -> str:
    """Say of a row that it is of a segment that has no model."""
    held = "null" if value is None or value != value else shown(value)
    return f"{place}: column '{column}' holds {held}, for which there is no model: expected {wanted(values)}"
