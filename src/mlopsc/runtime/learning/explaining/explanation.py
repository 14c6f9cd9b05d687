"""The explanation of a model as JSON: importance of all features, and dependence on the most important ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.learning.curves.questions import scored_by
from mlopsc.runtime.learning.curves.unavailable import Unavailable
from mlopsc.runtime.learning.explaining.dependence import dependence
from mlopsc.runtime.learning.explaining.importance import importance
from mlopsc.runtime.learning.frames import Feature
from mlopsc.runtime.learning.scoring import Answers, CustomFunction
from mlopsc.vocabulary.evaluation import Explanation
from mlopsc.vocabulary.metrics import Metric, metric_name


def chosen_rows(rows: int, limit: int, seed: int) -> npt.NDArray[np.int64]:
    """Return which rows are asked about, in their order: all, or as many as may be, drawn at random."""
    if rows <= limit:
        return np.arange(rows)
    return np.sort(np.random.RandomState(seed).permutation(rows)[:limit])


def explained(
    answers: Answers,
    features: tuple[Feature, ...],
    metric: Metric,
    functions: Mapping[str, CustomFunction],
    rules: Explanation,
    seed: int,
) -> dict[str, Any]:
    """Return what a model's answers about these rows hang on.

    Keys: `task`, `metric`, `score` (its value on the rows as they are), `rows`, `repeats`, `response` (what the
    dependence is of: `predict`, `predict_proba` or `decision_function`), `classes` and of two `positive`, `importance`
    (see `importance`), `dependence` (see `dependence`), each list with the most important feature first. Raises
    StepFailed when the metric does not fit the task.
    """
    score, ranked = importance(answers, features, metric, functions, rules.repeats, seed)
    by_name = {feature.name: feature for feature in features}
    top = [by_name[one["feature"]] for one in ranked[: rules.top]]
    return {
        **_task(answers),
        "metric": metric_name(metric),
        "score": score,
        "rows": len(answers.truth),
        "repeats": rules.repeats,
        "importance": ranked,
        "dependence": [{"feature": one.name, "kind": one.kind, **dependence(answers, one)} for one in top],
    }


def _task(answers: Answers) -> dict[str, Any]:
    if answers.classes is None:
        return {"task": "regression", "response": "predict"}
    labels = answers.labels
    try:
        response: str | None = scored_by(answers)
    except Unavailable:
        response = None
    two = {"task": "binary", "positive": labels[1]} if len(labels) == 2 else {"task": "multiclass"}
    return {**two, "classes": labels, "response": response}
