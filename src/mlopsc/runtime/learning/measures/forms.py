"""What measures are: functions of weights, made of answers where the task has them."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.learning.scoring import Answers

Floats = npt.NDArray[np.float64]
Measure = Callable[[Floats], Floats]
"""Weights (weightings × rows) → the metric's value under each of them; NaN where it has none."""
Makers = Mapping[str, Callable[[Answers], Measure | None]]
"""Scorer → what makes its measure; that is None where the answers are not of its task."""


def quotients(over: Floats, under: Floats, otherwise: float = 0.0) -> Floats:
    """Return quotients, and `otherwise` where nothing is divided by nothing: 0 with scikit-learn."""
    return np.asarray(np.divide(over, under, out=np.full(over.shape, otherwise), where=under > 0))


def mean_of(worth: Floats) -> Measure:
    """Return the weighted mean of a number for each row."""
    return lambda weights: np.asarray((weights @ worth) / weights.sum(axis=1))
