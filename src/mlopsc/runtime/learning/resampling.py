"""A metric of resampled rows: what it would be if every row came so and so many times.

To score a thousand resamples of many rows by scikit-learn takes minutes, so the metrics that are used most are computed
from weights (`measures`). Others are scored anew, with the rows repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.fitted import metric_functions
from mlopsc.runtime.learning.measures import Measure, measure
from mlopsc.runtime.learning.scored import Scored, recorded
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, score
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.vocabulary.metrics import Metric, metric_name

Counts = npt.NDArray[np.int64]
"""How often each row comes."""
Statistic = Callable[[Counts], float]
"""The metric of the rows by their counts; NaN where it has no value."""


def weighted(metric: Metric, answers: Answers, functions: Mapping[str, CustomFunction]) -> Measure:
    """Return any metric as a function of weights that are whole numbers.

    It must have been computed before: the model is not asked for anything more.
    """
    return measure(metric, answers) or _by_drawing(metric, answers, functions)


def statistic(scored: Scored, metric: Metric, project: Path) -> Statistic:
    """Return a metric of recorded rows as a function of their counts."""
    answers = scored.answers()
    for question in scored.said:
        answers.ask(question)
    of_weights = weighted(metric, answers, metric_functions([metric], project))

    def value(counts: Counts) -> float:
        with np.errstate(all="ignore"):
            return float(of_weights(counts[None, :].astype(np.float64))[0])

    return value


def resampled(
    statistics: Sequence[Statistic], rows: int, resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """Return the statistics of bootstrap resamples, one row each; all statistics see the same resamples.

    Chance comes from NumPy's RandomState, whose sequence for a seed is the same in every version.
    """
    chance = np.random.RandomState(seed)
    found = np.empty((resamples, len(statistics)))
    with steady_sums():
        for index in range(resamples):
            counts = np.bincount(chance.randint(0, rows, rows), minlength=rows)
            found[index] = [one(counts) for one in statistics]
    return found


def _by_drawing(metric: Metric, answers: Answers, functions: Mapping[str, CustomFunction]) -> Measure:
    def one(weights: npt.NDArray[np.float64]) -> float:
        rows = np.repeat(np.arange(len(weights)), weights.astype(np.int64))
        try:
            value = score(recorded(answers, rows), [metric], functions).metrics[metric_name(metric)]
        except StepFailed:  # of rows of one class, say, for which there is no such metric
            return np.nan
        return np.nan if value is None else value

    return lambda weightings: np.array([one(weights) for weights in weightings])
