"""A metric of resampled rows: what it would be if every row came so and so many times.

To score a thousand resamples of many rows by scikit-learn takes minutes, so the metrics that are used most are computed
from what they depend on: means of a loss of each row, ranks, counts of (label, prediction). Others are scored anew.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import get_scorer
from sklearn.utils import Tags, get_tags

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.fitted import metric_functions
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, score
from mlopsc.vocabulary.metrics import CustomMetric, Metric, ValueMetric, metric_name

Counts = npt.NDArray[np.int64]
"""How often each row comes."""
Statistic = Callable[[Counts], float]
"""The metric of the rows by their counts; NaN where it has no value."""

_ROWWISE: Mapping[str, tuple[Callable[[Any, Any], Any], Callable[[float], float]]] = {
    "accuracy": (lambda truth, said: truth == said, lambda mean: mean),
    "neg_mean_absolute_error": (lambda truth, said: abs(truth - said), lambda mean: -mean),
    "neg_mean_squared_error": (lambda truth, said: (truth - said) ** 2, lambda mean: -mean),
    "neg_root_mean_squared_error": (lambda truth, said: (truth - said) ** 2, lambda mean: -(mean**0.5)),
}
"""Metrics of predictions that are a function of a mean over the rows."""
_PAIRED = ("balanced_accuracy", "f1", "precision", "recall", "jaccard", "matthews_corrcoef")
"""Beginnings of the metrics that are functions of how often each label was predicted as which."""
_FEW = 64
"""Classes; with more, pairs are no fewer than rows."""


def statistic(scored: Scored, metric: Metric, project: Path) -> Statistic:
    """Return a metric as a function of the rows' counts; a custom metric is called with the rows repeated."""
    answers = scored.answers()
    if isinstance(metric, str) and not answers.unseen:
        if metric in _ROWWISE:
            loss, finish = _ROWWISE[metric]
            return _mean(loss(answers.codes, answers.predict(None)), finish)
        if metric == "neg_brier_score" and (probability := _probability(scored)) is not None:
            return _mean((answers.codes - probability) ** 2, lambda mean: -mean)
        if metric == "roc_auc" and (ranking := _ranking(scored)) is not None:
            return _ranked(answers.codes, ranking)
        if metric.startswith(_PAIRED) and 2 <= len(answers.labels) <= _FEW:
            return _paired(metric, answers)
    if isinstance(metric, CustomMetric):
        return _custom(metric_functions([metric], project)[metric.name], answers)
    return lambda counts: _scored_anew(scored, metric, counts)


def resampled(
    statistics: Sequence[Statistic], rows: int, resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """Return the statistics of bootstrap resamples, one row each; all statistics see the same resamples.

    Chance comes from NumPy's RandomState, whose sequence for a seed is the same in every version.
    """
    chance = np.random.RandomState(seed)
    found = np.empty((resamples, len(statistics)))
    for index in range(resamples):
        counts = np.bincount(chance.randint(0, rows, rows), minlength=rows)
        found[index] = [one(counts) for one in statistics]
    return found


def _mean(loss: Any, finish: Callable[[float], float]) -> Statistic:
    values = np.asarray(loss, dtype=np.float64)
    return lambda counts: finish(float(counts @ values) / float(counts.sum()))


def _probability(scored: Scored) -> npt.NDArray[Any] | None:
    matrix = scored.said.get("predict_proba")
    return matrix[:, 1] if matrix is not None and matrix.ndim == 2 and matrix.shape[1] == 2 else None


def _ranking(scored: Scored) -> npt.NDArray[Any] | None:
    """Return what ranks the rows of two classes, as scikit-learn's scorer chooses it."""
    decision = scored.said.get("decision_function")
    if decision is not None:
        return decision if decision.ndim == 1 and scored.classes is not None else None
    return _probability(scored)


def _ranked(truth: npt.NDArray[Any], ranking: npt.NDArray[Any]) -> Statistic:
    """Return the area under the ROC curve: the share of pairs of a positive and a negative row that are ranked right,
    ties count half (Mann and Whitney's U)."""
    values, group = np.unique(ranking, return_inverse=True)
    positive = truth == 1

    def area(counts: Counts) -> float:
        up = np.bincount(group[positive], weights=counts[positive], minlength=len(values))
        down = np.bincount(group[~positive], weights=counts[~positive], minlength=len(values))
        pairs = up.sum() * down.sum()
        below = np.cumsum(down) - down / 2
        return float(up @ below / pairs) if pairs else float("nan")

    return area


def _paired(metric: str, answers: Answers) -> Statistic:
    """Return a metric of predictions from the counts of (label, prediction), which it is all that it depends on."""
    several = len(answers.labels)
    pairs, which = np.unique(answers.codes * several + answers.predict(None), return_inverse=True)
    scorer, model = get_scorer(metric), _Said(answers, pairs % several)
    table, truth = pd.DataFrame(index=range(len(pairs))), pairs // several

    def value(counts: Counts) -> float:
        weights = np.bincount(which, weights=counts, minlength=len(pairs))
        there = weights > 0
        said = _Said(answers, model.said[there])
        return float(scorer(said, table[there], truth[there], sample_weight=weights[there]))

    return value


class _Said:
    """A classifier that has said what it says: of two classes or several, as the one behind the answers."""

    def __init__(self, answers: Answers, said: npt.NDArray[Any]) -> None:
        self.said = said
        self.classes_ = answers.classes_
        self._answers = answers

    def predict(self, _: Any) -> npt.NDArray[Any]:
        return self.said

    def __sklearn_tags__(self) -> Tags:
        return get_tags(self._answers)


def _custom(function: CustomFunction, answers: Answers) -> Statistic:
    truth, predicted, probability = answers.truth, answers.ask("predict"), answers.probability()

    def value(counts: Counts) -> float:
        rows = np.repeat(np.arange(len(truth)), counts)
        try:
            return float(
                function(truth[rows], predicted[rows], None if probability is None else probability[rows])
            )
        except Exception:  # noqa: BLE001 - of all rows it has a value, else nothing is resampled
            return float("nan")

    return value


def _scored_anew(scored: Scored, metric: str | ValueMetric, counts: Counts) -> float:
    rows = np.repeat(np.arange(len(scored)), counts)
    try:
        value = score(scored.of(rows).answers(), [metric], {}).metrics[metric_name(metric)]
    except StepFailed:  # of rows of one class, say, for which there is no such metric
        return float("nan")
    return float("nan") if value is None else value
