"""Lowering of a search for parameters: its trials, which fan out, and what collects them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.lower.steps import make_step
from mlopsc.plan.plan import Artifact, Fan, Step
from mlopsc.spec.document import Document
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.metrics import Metric, metric_name
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit, RandomSplit, Split, StratifiedSplit, TimeSplit
from mlopsc.vocabulary.tuning import (
    CrossValidation,
    GridSearch,
    GroupFolds,
    KFold,
    RandomSearch,
    StratifiedFolds,
    TimeFolds,
    Tune,
    grid_size,
)


@dataclass(frozen=True)
class Search:
    """The steps of a search, and the artifact that tells the best parameters."""

    steps: tuple[Step, ...]
    trials: Artifact


def tuning_steps(
    document: Document, name: str, training: Training, learning: Mapping[str, Any], train_part: Artifact
) -> Search | None:
    """Return the search of a training, None where it has none; `learning` is what its train step says.

    The trials see the train part alone: of the test part, by which gates judge, nothing comes to them.
    """
    tune = training.tune
    if tune is None:
        return None
    origin, metric = ("training", name, "tune"), tuned_metric(training, tune)
    group, count = f"trial_{name}", trial_count(tune)
    trials = [
        make_step(
            f"{group}_{index}",
            op.Trial,
            document,
            origin,
            inputs={"train": train_part},
            policy=training.policy,
            fan=Fan(group=group, index=index, field="index", limit=tune.parallel),
            training=name,
            train=op.Train.model_construct(operation="train", **learning),
            space=tune.space,
            draw=tune.search,
            metric=metric,
            cv=tune.cv or default_folds(training.split),
            seed=training.seed if tune.seed is None else tune.seed,
            index=index,
        )
        for index in range(count)
    ]
    collect = make_step(
        f"trials_{name}",
        op.CollectTrials,
        document,
        origin,
        inputs={
            f"trials_{index}": Artifact(step=trial.name, port="report") for index, trial in enumerate(trials)
        },
        training=name,
        metric=metric,
        count=count,
    )
    return Search((*trials, collect), Artifact(step=collect.name, port="trials"))


def tuned_metric(training: Training, tune: Tune) -> Metric:
    """Return the metric that is made as good as can be."""
    if tune.metric is None:
        return training.metrics[0]
    return next(metric for metric in training.measured if metric_name(metric) == tune.metric)


def trial_count(tune: Tune) -> int:
    """Return how many trials a search makes."""
    match tune:
        case GridSearch():
            return grid_size(tune.space)
        case RandomSearch():
            return tune.trials


def default_folds(split: Split) -> CrossValidation:
    """Return folds of the kind that divides train and test part."""
    match split:
        case RandomSplit() | ColumnSplit():
            return KFold()
        case StratifiedSplit():
            return StratifiedFolds(type="stratified")
        case GroupSplit():
            return GroupFolds(type="group")
        case TimeSplit():
            return TimeFolds(type="time")
