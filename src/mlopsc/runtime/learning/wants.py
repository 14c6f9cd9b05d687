"""What an estimator takes, and what suits it, as far as its tags and its family tell."""

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils import get_tags

from mlopsc.runtime.learning.boosting import library_of

_SCALED = (
    "sklearn.linear_model",
    "sklearn.svm",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.kernel_ridge",
    "sklearn.gaussian_process",
)
NATIVE = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
"""Estimators that split on categories themselves."""


def takes_nulls(estimator: Any) -> bool:
    """Whether NaN may stand among the numbers."""
    return bool(get_tags(estimator).input_tags.allow_nan)


def takes_sparse(estimator: Any) -> bool:
    """Whether a sparse matrix may come."""
    return bool(get_tags(estimator).input_tags.sparse)


def wants_scale(estimator: Any) -> bool:
    """Whether an estimator, or one inside it, is of a family whose result depends on the features' units."""
    nested = estimator.get_params(deep=True).values()
    inside = (value for value in nested if isinstance(value, BaseEstimator))
    return any(
        base.__module__.startswith(_SCALED) and issubclass(base, BaseEstimator)
        for part in (estimator, *inside)
        for base in type(part).__mro__
    )


def codes_categories(estimator: Any) -> bool:
    """Whether one number a category suits it as well as a column each: gradient boosting."""
    return isinstance(estimator, NATIVE) or library_of(estimator) is not None
