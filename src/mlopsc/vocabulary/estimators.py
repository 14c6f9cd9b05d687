"""The estimator of a training: an importable class, or a function of the user's that makes one."""

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import DottedPath, FunctionReference


class CustomEstimator(Frozen):
    """`function(params: dict, seed: int) -> estimator`, any object with scikit-learn's fit and predict."""

    python: FunctionReference


Estimator = DottedPath | CustomEstimator
