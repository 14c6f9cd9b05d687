"""The estimator of a training: an importable class, or a function of the user's that makes one."""

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import DottedPath, FunctionReference


class CustomEstimator(Frozen):
    """`function(params: dict, seed: int) -> estimator`, an object that derives from scikit-learn's `BaseEstimator`."""

    python: FunctionReference


Estimator = DottedPath | CustomEstimator
