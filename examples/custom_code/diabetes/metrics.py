"""A metric: a function of truth and prediction; greater is better unless the spec says otherwise."""

from typing import Any

import numpy as np


def within_a_third(y_true: np.ndarray, y_pred: np.ndarray, _: Any) -> float:
    """Return the share of predictions that miss the truth by at most a third of it."""
    return float(np.mean(np.abs(y_pred - y_true) <= y_true / 3))
