"""The estimator of a training: an importable class, or a function of the user's that makes one."""

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import DottedPath, FunctionReference

BOOSTERS = ("xgboost", "lightgbm")
"""Libraries beside scikit-learn whose estimators a training may name; each is an extra of the same name."""


MONOTONIC = ("monotonic_cst", "monotone_constraints")
"""Parameters that constrain the effect of features, as a map: feature → 1, increasing, -1, decreasing, or 0."""


class CustomEstimator(Frozen):
    """`function(params: dict, seed: int) -> estimator`, an object that derives from scikit-learn's `BaseEstimator`."""

    python: FunctionReference


Estimator = DottedPath | CustomEstimator


def booster_library(estimator: object) -> str | None:
    """Return the library beside scikit-learn that an estimator, as a spec names it, comes from."""
    library = estimator.partition(".")[0] if isinstance(estimator, str) else ""
    return library if library in BOOSTERS else None
