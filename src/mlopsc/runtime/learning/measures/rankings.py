"""Measures of how the rows are ranked: ROC areas and average precision, from one sort for all weightings."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.learning.measures.forms import Floats, Makers, Measure, quotients
from mlopsc.runtime.learning.measures.probabilities import probabilities_of
from mlopsc.runtime.learning.scoring import Answers, Values


@dataclass(frozen=True, eq=False)
class _Ranking:
    """Rows from the highest score to the lowest; rows of one score are one step."""

    order: npt.NDArray[np.intp]
    positive: npt.NDArray[np.bool_]
    """Of the ordered rows."""
    starts: npt.NDArray[np.intp]
    """Where each step begins."""

    @classmethod
    def of(cls, scores: Values, positive: npt.NDArray[np.bool_]) -> "_Ranking":
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        return cls(order, positive[order], np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]))

    def steps(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the weights of the positive and of the negative rows of each step (weightings × steps)."""
        ranked = weights[:, self.order]
        positive = np.where(self.positive, ranked, 0.0)
        negative = ranked - positive
        if len(self.starts) == len(self.order):
            return positive, negative
        return np.add.reduceat(positive, self.starts, axis=1), np.add.reduceat(negative, self.starts, axis=1)


def roc_area(ranking: _Ranking, weights: Floats) -> Floats:
    """Return the area under the ROC curve, NaN where one class has no weight."""
    positive, negative = ranking.steps(weights)
    above = np.cumsum(positive, axis=1)
    won = ((above - positive / 2) * negative).sum(axis=1)
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return quotients(won, pairs, np.nan)


def average_precision(ranking: _Ranking, weights: Floats) -> Floats:
    """Return the mean precision over the steps of recall; 0 without a positive row, as in scikit-learn."""
    positive, negative = ranking.steps(weights)
    true, seen = np.cumsum(positive, axis=1), np.cumsum(positive + negative, axis=1)
    precision = quotients(true, seen)
    return quotients((precision * positive).sum(axis=1), positive.sum(axis=1))


def _of_two(formula: Callable[[_Ranking, Floats], Floats]) -> Callable[[Answers], Measure | None]:
    def make(answers: Answers) -> Measure | None:
        scores = _scores(answers)
        if scores is None:
            return None
        ranking = _Ranking.of(scores, answers.codes == 1)
        return lambda weights: formula(ranking, weights)

    return make


def _scores(answers: Answers) -> Floats | None:
    """Return what scikit-learn's scorers rank two classes by: decision values before probabilities."""
    if answers.classes is None or len(answers.classes) != 2 or answers.unseen:
        return None
    rows = len(answers.truth)
    if hasattr(answers.model, "decision_function"):
        said = np.asarray(answers.ask("decision_function"), dtype=np.float64)
        return said if said.shape == (rows,) else None
    said_of = probabilities_of(answers)
    return None if said_of is None else said_of[:, 1]


def _each_against_the_rest(*, by_share: bool) -> Callable[[Answers], Measure | None]:
    """Return the mean ROC area of each class against the others, also weighted by the classes' shares."""

    def make(answers: Answers) -> Measure | None:
        said = probabilities_of(answers)
        if said is None or said.shape[1] < 3:
            return None
        codes = answers.codes
        rankings = [_Ranking.of(said[:, code], codes == code) for code in range(said.shape[1])]

        def mean(weights: Floats) -> Floats:
            areas = np.stack([roc_area(ranking, weights) for ranking in rankings], axis=1)
            if not by_share:
                return np.asarray(areas.mean(axis=1))
            shares = np.stack(
                [weights[:, codes == code].sum(axis=1) for code in range(said.shape[1])], axis=1
            )
            return np.asarray((areas * shares).sum(axis=1) / shares.sum(axis=1))

        return mean

    return make


MAKERS: Makers = {
    "roc_auc": _of_two(roc_area),
    "average_precision": _of_two(average_precision),
    "roc_auc_ovr": _each_against_the_rest(by_share=False),
    "roc_auc_ovr_weighted": _each_against_the_rest(by_share=True),
}
