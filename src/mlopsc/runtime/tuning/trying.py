"""A trial: one set of parameters, fitted and scored on each fold."""

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.learning.fitted import metric_functions
from mlopsc.runtime.learning.fitting import LabelledRows, fit_model, positive_class, with_threshold
from mlopsc.runtime.learning.holdout import Fold
from mlopsc.runtime.learning.scoring import Answers, score
from mlopsc.vocabulary.metrics import Metric, metric_name
from mlopsc.vocabulary.operations import Train


def try_out(
    train: Train,
    params: Mapping[str, Any],
    metric: Metric,
    rows: LabelledRows,
    folds: Sequence[Fold],
    context: Context,
) -> dict[str, Any]:
    """Return what the parameters came to: `scores`, `mean`, `std`, `status` and `message`."""
    config = train.model_copy(update={"params": {**train.params, **params}})
    scores: list[float] = []
    try:
        for learned, scored in folds:
            scores.append(_score(config, metric, rows.take(learned), rows.take(scored), context))
    except StepFailed as error:  # these parameters do not work: another trial's may
        return {"scores": scores, "mean": None, "std": None, "status": "failed", "message": str(error)}
    return {"scores": scores, "mean": fmean(scores), "std": pstdev(scores), "status": "ok", "message": None}


def _score(
    config: Train, metric: Metric, learned: LabelledRows, scored: LabelledRows, context: Context
) -> float:
    rule = config.threshold if config.for_each is None else None
    if rule is not None:
        config = config.model_copy(update={"threshold": None})
    model = fit_model(config, learned, context)
    answers = Answers(model, scored.table, scored.label)
    found = score(answers, [metric], metric_functions([metric], context.project))
    if rule is not None:
        positive_class(config, model)
        if answers.was_asked(
            "predict"
        ):  # else no threshold changes the score, and to choose one costs several fits
            decided = with_threshold(config, rule, model, learned, context)
            answers = Answers(decided, scored.table, scored.label)
            found = score(answers, [metric], metric_functions([metric], context.project))
    value = found.metrics[metric_name(metric)]
    if value is None:
        raise StepFailed(f"no score in one of the folds: {'; '.join(found.notes)}")
    return value
