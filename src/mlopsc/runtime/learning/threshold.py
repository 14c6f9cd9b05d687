"""The threshold of a binary classifier: chosen by a rule from scores of rows that it was not fitted on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.metrics import get_scorer

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.vocabulary.deciding import Threshold

Values = npt.NDArray[Any]
_SCORED = 200
"""Thresholds at most that a scorer is asked about: quantiles of the scores."""


@dataclass(frozen=True)
class Cuts:
    """Every threshold that tells some rows from others, falling, with the weight of rows decided each way."""

    thresholds: Values
    """A row whose score is at least the threshold is taken for positive."""
    true_positive: Values
    false_positive: Values
    positive: float
    """Weight of all rows that are positive."""
    negative: float

    @property
    def recall(self) -> Values:
        """The share of positive rows that are found."""
        found: Values = self.true_positive / self.positive
        return found

    @property
    def precision(self) -> Values:
        """The share of positive rows among those that are taken for positive."""
        found: Values = self.true_positive / (self.true_positive + self.false_positive)
        return found


def cuts_of(truth: Values, scores: Values, weights: Values | None = None) -> Cuts:
    """Return the cuts of rows whose positives `truth` marks, one at each distinct score."""
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    scores, hit, weights = scores[order], truth[order].astype(float), weights[order]
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    found, all_ = np.cumsum(hit * weights)[last], np.cumsum(weights)[last]
    seen = all_ > 0  # rows of weight 0 decide nothing
    return Cuts(
        scores[last][seen],
        found[seen],
        (all_ - found)[seen],
        float((hit * weights).sum()),
        float(((1 - hit) * weights).sum()),
    )


def choose_threshold(rule: Threshold, truth: Values, scores: Values, weights: Values | None = None) -> float:
    """Return the threshold that a rule chooses, of equally good ones the highest.

    `truth` marks the positive rows, `scores` rise with being one. Raises StepFailed when no threshold keeps the rule.
    """
    cuts = cuts_of(truth, scores, weights)
    match rule:
        case Threshold(value=float(value)):
            return value
        case Threshold(min_recall=float(least)):
            good = np.where(cuts.recall >= least, cuts.precision, -np.inf)
        case Threshold(min_precision=float(least)):
            if not (cuts.precision >= least).any():
                raise StepFailed(
                    f"`threshold`: no threshold reaches a precision of {least:g} on rows held out; "
                    f"the best is {cuts.precision.max():.4g}",
                    help="ask for less, or train a better model",
                )
            good = np.where(cuts.precision >= least, cuts.recall, -np.inf)
        case Threshold(cost_matrix=worth) if worth is not None:
            missed, spared = cuts.positive - cuts.true_positive, cuts.negative - cuts.false_positive
            good = (
                worth.true_positive * cuts.true_positive
                + worth.false_positive * cuts.false_positive
                + worth.false_negative * missed
                + worth.true_negative * spared
            )
        case _:
            assert rule.maximize is not None
            return _best_scored(rule.maximize, truth, scores, weights, cuts.thresholds)
    return float(cuts.thresholds[int(np.argmax(good))])


def positive_scores(model: Any, table: Any) -> Values:
    """Return what a fitted binary classifier's threshold is compared with: the positive class's probability, of one
    without probabilities its decision function."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(table))[:, 1]
    return np.asarray(model.decision_function(table))


def require_classifier(estimator: Any, key: str) -> None:
    """Raise StepFailed for what is no classifier, or gives neither probabilities nor scores."""
    name = type(estimator).__name__
    if not is_classifier(estimator):
        raise StepFailed(f"`{key}` is for classifiers, and {name} is none")
    if not (hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")):
        raise StepFailed(
            f"`{key}`: {name} gives neither probabilities nor scores",
            help="use an estimator with `predict_proba` or `decision_function`",
        )


def _best_scored(
    name: str, truth: Values, scores: Values, weights: Values | None, thresholds: Values
) -> float:
    places = np.linspace(0, len(thresholds) - 1, min(_SCORED, len(thresholds)))
    candidates = thresholds[np.unique(places.round().astype(np.intp))]
    scorer, given = get_scorer(name), {} if weights is None else {"sample_weight": weights}
    codes = truth.astype(np.int64)
    values = [scorer(_Decided(scores >= cut), scores[:, None], codes, **given) for cut in candidates]
    return float(candidates[int(np.nanargmax(values))])


class _Decided(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Decisions that are made already, as a scorer asks for them."""

    def __init__(self, decisions: Values) -> None:
        self.decisions = decisions
        self.classes_ = np.array([0, 1])

    def predict(self, _: Any) -> Values:
        return self.decisions.astype(np.int64)
