"""Measures of a regression: sums over the rows of what lies between label and prediction."""

from collections.abc import Callable

import numpy as np

from mlopsc.runtime.learning.measures.forms import Floats, Makers, Measure, mean_of
from mlopsc.runtime.learning.scoring import Answers


def _both(answers: Answers) -> tuple[Floats, Floats] | None:
    """Return labels and predictions, None where they are no numbers, one for each row."""
    said = answers.ask("predict")
    if answers.classes is not None or said.size != len(answers.truth):
        return None
    if answers.truth.dtype.kind not in "iuf" or said.dtype.kind not in "iuf":
        return None
    return answers.truth.astype(np.float64), said.reshape(-1).astype(np.float64)


def _mean(loss: Callable[[Floats, Floats], Floats]) -> Callable[[Answers], Measure | None]:
    def make(answers: Answers) -> Measure | None:
        both = _both(answers)
        return None if both is None else mean_of(-loss(*both))

    return make


def _root(loss: Callable[[Floats, Floats], Floats]) -> Callable[[Answers], Measure | None]:
    def make(answers: Answers) -> Measure | None:
        both = _both(answers)
        if both is None:
            return None
        mean = mean_of(loss(*both))
        return lambda weights: -np.sqrt(mean(weights))

    return make


def _squared(truth: Floats, said: Floats) -> Floats:
    return (truth - said) ** 2


def _absolute(truth: Floats, said: Floats) -> Floats:
    return np.abs(truth - said)


def _relative(truth: Floats, said: Floats) -> Floats:
    return np.abs(truth - said) / np.maximum(np.abs(truth), np.finfo(np.float64).eps)


def _share_explained(answers: Answers, *, centred: bool) -> Measure | None:
    """Return 1 minus the share of the labels' variation that is left (`centred`: with the mean error taken out).

    As in scikit-learn: where the labels do not vary, 1 for no error and 0 for any; NaN with fewer than two rows.
    """
    both = _both(answers)
    if both is None:
        return None
    truth, said = both
    rest, middle = truth - said, float(np.mean(truth)) if len(truth) else 0.0
    away = truth - middle  # sums of squares around a number near the mean lose no digits

    def share(weights: Floats) -> Floats:
        total = weights.sum(axis=1)
        left = weights @ rest**2
        if centred:
            left = left - (weights @ rest) ** 2 / total
        there = weights @ away**2 - (weights @ away) ** 2 / total
        varies = there > 1e-12 * (weights @ away**2 + np.finfo(np.float64).tiny)
        found = np.where(left > 0, 0.0, 1.0)
        np.divide(left, there, out=found, where=varies)
        return np.where(total < 2, np.nan, np.where(varies, 1 - found, found))

    return share


MAKERS: Makers = {
    "neg_mean_squared_error": _mean(_squared),
    "neg_root_mean_squared_error": _root(_squared),
    "neg_mean_absolute_error": _mean(_absolute),
    "neg_mean_absolute_percentage_error": _mean(_relative),
    "r2": lambda answers: _share_explained(answers, centred=False),
    "explained_variance": lambda answers: _share_explained(answers, centred=True),
}
