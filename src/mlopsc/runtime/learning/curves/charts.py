"""Which charts a model's task has: each of them, or the reason why it cannot be drawn."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from mlopsc.runtime.learning.curves import ranking, residuals
from mlopsc.runtime.learning.curves.confusion import confusion, roc_of_each_class
from mlopsc.runtime.learning.curves.lines import Chart, Floats
from mlopsc.runtime.learning.curves.questions import answer, numbers_of, sampled, scored_by, scores_of
from mlopsc.runtime.learning.curves.ranking import Ranked
from mlopsc.runtime.learning.curves.unavailable import Unavailable
from mlopsc.runtime.learning.scoring import Answers

_Makers = Mapping[str, Callable[[], Chart]]


def curves(answers: Answers) -> dict[str, Any]:
    """Return the charts of a model's answers about rows with known labels, as JSON.

    Where the metrics did not need an answer and the rows are many, a chart counts a sample of them (its own counts
    tell). `task` is `binary`, `multiclass` or `regression`. A chart that cannot be drawn is `{"unavailable": reason}`.

    - binary: `confusion`, `roc` and `precision_recall` (as in scikit-learn, from the highest threshold down,
      collinear points left out), `lift` (cumulative gain, and lift by tenths of the rows), `calibration` (quantile bins
      of the probability), `scores` (a histogram for each class). `positive` is the class that sorts last.
    - multiclass: `confusion`, `roc` with one curve for each class against the others.
    - regression: `predicted` (pairs of actual and predicted value, or counts on a grid), `residuals` (actual minus
      predicted: a histogram), `residuals_by_prediction` (their quantiles in quantile bins of the prediction).
    """
    if answers.classes is None:
        return {"task": "regression"} | _each(_regression(answers))
    classes = answers.labels
    if len(classes) == 2:
        return {"task": "binary", "classes": classes, "positive": classes[1]} | _each(_binary(answers))
    return {"task": "multiclass", "classes": classes} | _each(_multiclass(answers))


def _each(makers: _Makers) -> dict[str, Chart]:
    charts: dict[str, Chart] = {}
    for name, make in makers.items():
        try:
            with np.errstate(all="ignore"):  # an overflow is told as such
                charts[name] = make()
        except Unavailable as reason:
            charts[name] = {"unavailable": str(reason)}
    return charts


def _binary(answers: Answers) -> _Makers:
    @cache
    def ranked() -> Ranked:
        heard = sampled(answers, scored_by(answers))
        return Ranked.of(scores_of(heard), heard.codes == 1)

    def of_both() -> Ranked:
        found = ranked()
        if found.positives in (0, found.rows):
            raise Unavailable("the labels of the test part are all the same: there is nothing to tell apart")
        return found

    def calibration() -> Chart:
        if not hasattr(answers.model, "predict_proba"):
            raise Unavailable("the estimator gives scores, no probabilities: it has no predict_proba")
        return ranking.calibration(ranked())

    return {
        "confusion": lambda: confusion(answers),
        "roc": lambda: {"scored_by": scored_by(answers)} | ranking.roc(of_both()),
        "precision_recall": lambda: ranking.precision_recall(of_both()),
        "lift": lambda: ranking.lift(of_both()),
        "calibration": calibration,
        "scores": lambda: ranking.histogram_by_class(ranked(), scored_by(answers)),
    }


def _multiclass(answers: Answers) -> _Makers:
    return {"confusion": lambda: confusion(answers), "roc": lambda: roc_of_each_class(answers)}


def _regression(answers: Answers) -> _Makers:
    @cache
    def both() -> tuple[Floats, Floats]:
        actual = numbers_of(answers.truth, "labels")
        return actual, numbers_of(answer(answers, "predict").reshape(len(actual), -1)[:, 0], "predictions")

    return {
        "predicted": lambda: residuals.predicted_against_actual(*both()),
        "residuals": lambda: residuals.histogram(*both()),
        "residuals_by_prediction": lambda: residuals.by_prediction(*both()),
    }
