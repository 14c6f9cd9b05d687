"""A classifier that learns classes 0, 1, … in the place of labels of any type, for libraries that take no others."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags

Values = npt.NDArray[Any]


class CodedClasses(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """`estimator` learns each label's position among the sorted labels; predictions are labels again."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Values, sample_weight: Values | None = None) -> Self:
        """Fit a clone of the estimator; `sample_weight` is one number a row, or None."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        coded = clone(self.estimator)
        by_label = coded.get_params(deep=False).get("class_weight")
        if isinstance(by_label, dict):
            coded.set_params(class_weight={self._code(label): weight for label, weight in by_label.items()})
        self.estimator_ = coded.fit(X, codes, **weights)
        self.n_features_in_ = self.estimator_.n_features_in_
        return self

    def _code(self, label: Any) -> int:
        found = np.flatnonzero(self.classes_ == label)
        if len(found) != 1:
            raise ValueError(f"class_weight names {label!r}, expected labels among {self.classes_.tolist()}")
        return int(found[0])

    def predict(self, X: Any) -> Values:
        """Return a label a row."""
        labels: Values = self.classes_[np.asarray(self.estimator_.predict(X), dtype=np.int64)]
        return labels

    def predict_proba(self, X: Any) -> Values:
        """Return the probabilities, columns in the order of `classes_`."""
        return np.asarray(self.estimator_.predict_proba(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
