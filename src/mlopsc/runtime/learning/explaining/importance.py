"""Permutation importance: how much worse a metric is when a feature's values are shuffled among the rows."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlopsc.runtime.learning.curves.lines import rounded
from mlopsc.runtime.learning.explaining.columns import shuffled
from mlopsc.runtime.learning.frames import Feature
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, score
from mlopsc.vocabulary.metrics import CustomMetric, Metric, metric_name


def importance(
    answers: Answers,
    features: tuple[Feature, ...],
    metric: Metric,
    functions: Mapping[str, CustomFunction],
    repeats: int,
    seed: int,
) -> tuple[float | None, list[dict[str, Any]]]:
    """Return the metric on the rows as they are, and of each feature how much is lost, the most important first.

    Breiman (2001) shuffles a feature's values, Fisher, Rudin and Dominici (2019) for any model and loss; as in
    scikit-learn's `permutation_importance` what is told is the mean of the losses, their standard deviation (of the
    population of repeats), and each of them. A column is shuffled as the data have it, before it is encoded. Where the
    metric has no value, neither has the loss.
    """
    down = isinstance(metric, CustomMetric) and not metric.greater_is_better
    base = _value(answers, metric, functions)
    found = []
    for place, feature in enumerate(features):
        losses = []
        for repeat in range(repeats):
            order = np.random.RandomState([seed, place, repeat]).permutation(len(answers.truth))
            table = shuffled(answers.table, feature.name, order.astype(np.int64))
            value = _value(Answers(answers.model, table, answers.truth), metric, functions)
            if base is not None and value is not None:
                losses.append(value - base if down else base - value)
        found.append({"feature": feature.name, "kind": feature.kind, **_spread(losses, repeats)})
    found.sort(key=lambda one: (one["mean"] is None, -(one["mean"] or 0.0), one["feature"]))
    return None if base is None else rounded(base), found


def _value(answers: Answers, metric: Metric, functions: Mapping[str, CustomFunction]) -> float | None:
    return score(answers, [metric], functions).metrics[metric_name(metric)]


def _spread(losses: list[float], repeats: int) -> dict[str, Any]:
    if len(losses) < repeats:
        return {"mean": None, "std": None, "losses": [rounded(loss) for loss in losses]}
    mean = math.fsum(losses) / repeats
    std = math.sqrt(math.fsum((loss - mean) ** 2 for loss in losses) / repeats)
    return {"mean": rounded(mean), "std": rounded(std), "losses": [rounded(loss) for loss in losses]}
