"""Lowering of a search for parameters: its trials, which fan out, and what collects them."""

from collections.abc import Iterable, Mapping, Sequence
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
    Growing,
    HalvingSearch,
    KFold,
    RandomSearch,
    StratifiedFolds,
    TimeFolds,
    TpeSearch,
    Tune,
    grid_size,
    rungs,
)


@dataclass(frozen=True)
class Search:
    """The steps of a search, and the artifacts that they are made for."""

    steps: tuple[Step, ...]
    trials: Artifact
    """Tells the best parameters."""
    nested: tuple[Artifact, ...] = ()
    """Tell, each on an outer fold, what a search is worth."""


@dataclass(frozen=True)
class _Searched:
    """What every search of a training has in common, the one for the model and those on outer folds."""

    document: Document
    name: str
    training: Training
    tune: Tune
    learning: Mapping[str, Any]
    after: tuple[str, ...]
    """Steps that trials come after."""

    @property
    def metric(self) -> Metric:
        return tuned_metric(self.training, self.tune)

    @property
    def cv(self) -> CrossValidation:
        return self.tune.cv or default_folds(self.training.split)

    @property
    def seed(self) -> int:
        return self.training.seed if self.tune.seed is None else self.tune.seed

    @property
    def train(self) -> op.Train:
        return op.Train.model_construct(operation="train", **self.learning)

    def step(self, step_name: str, operation: type[op.Operation], /, **said: Any) -> Step:
        origin, policy = ("training", self.name, "tune"), self.training.policy
        return make_step(
            step_name, operation, self.document, origin, policy=policy, training=self.name, **said
        )


@dataclass(frozen=True)
class _Round:
    """Trials that begin together: where those of the round before decide what they try, or whether they are made."""

    size: int
    rows: float = 1.0
    grown: Mapping[str, int] | None = None


def tuning_steps(
    document: Document,
    name: str,
    training: Training,
    learning: Mapping[str, Any],
    train_part: Artifact,
    after: tuple[str, ...],
) -> Search | None:
    """Return the search of a training, None where it has none; `learning` is what its train step says, and the trials
    come `after` these steps.

    The trials see the train part alone: of the test part, by which gates judge, nothing comes to them.
    """
    tune = training.tune
    if tune is None:
        return None
    about = _Searched(document, name, training, tune, learning, after)
    search = _search(about, name, train_part)
    steps, nested = list(search.steps), []
    for fold in range(tune.nested or 0):
        outer, scored = _outer(about, fold, train_part)
        steps += outer
        nested.append(scored)
    return Search(tuple(steps), search.trials, tuple(nested))


def _search(about: _Searched, label: str, train_part: Artifact, outer: int | None = None) -> Search:
    rounds = _rounds(about.tune)
    if not rounds:
        trials = _trials(about, f"trial_{label}", train_part, trial_count(about.tune))
        collect = about.step(
            f"trials_{label}",
            op.CollectTrials,
            inputs=_reports(trials),
            metric=about.metric,
            count=len(trials),
            outer=outer,
        )
        return Search((*trials, collect), Artifact(step=collect.name, port="trials"))
    return _search_in_rounds(about, label, train_part, rounds, outer)


def _search_in_rounds(
    about: _Searched, label: str, train_part: Artifact, rounds: Sequence[_Round], outer: int | None
) -> Search:
    """Return a search whose rounds are fan-outs known now; what they try, the step before each tells at run time."""
    steps: list[Step] = []
    trials: tuple[Step, ...] = ()
    so_far: dict[str, Artifact] = {}
    first, timed = 0, about.tune.time is not None
    for number, one in enumerate(rounds):
        earlier = {**so_far, **_reports(trials)} if trials else {}
        if trials and timed:
            earlier |= _reports(trials, "timings", "timing")
        # On outer folds the first round tries the same, whatever the rows: one step proposes it for all.
        shared = number == 0 and outer is not None
        propose = about.step(
            f"propose_{about.name if shared else label}_r{number}",
            op.Propose,
            inputs=earlier,
            space=about.tune.space,
            by=about.tune.search,
            metric=about.metric,
            seed=about.seed,
            round=number,
            size=one.size,
            first=first,
            before=len(trials),
            rows=one.rows,
            grown=dict(one.grown or {}),
            time=about.tune.time,
        )
        candidates = Artifact(step=propose.name, port="candidates")
        trials = _trials(about, f"trial_{label}_r{number}", train_part, one.size, candidates)
        so_far = {"so_far": candidates}
        if timed:
            so_far["spent"] = Artifact(step=propose.name, port="spent")
        first += one.size
        steps += [*([] if shared else [propose]), *trials]
    collect = about.step(
        f"trials_{label}",
        op.CollectTrials,
        inputs={"so_far": so_far["so_far"], **_reports(trials)},
        metric=about.metric,
        count=len(trials),
        rounds=True,
        outer=outer,
    )
    return Search((*steps, collect), Artifact(step=collect.name, port="trials"))


def _trials(
    about: _Searched, group: str, train_part: Artifact, count: int, candidates: Artifact | None = None
) -> tuple[Step, ...]:
    proposed = {} if candidates is None else {"candidates": candidates}
    return tuple(
        about.step(
            f"{group}_{index}",
            op.Trial,
            inputs={"train": train_part, **proposed},
            after=about.after,
            fan=Fan(group=group, index=index, field="index", limit=about.tune.parallel),
            train=about.train,
            space=about.tune.space,
            draw="proposed" if candidates is not None else about.tune.search,
            metric=about.metric,
            cv=about.cv,
            seed=about.seed,
            index=index,
            timed=about.tune.time is not None,
        )
        for index in range(count)
    )


def _outer(about: _Searched, fold: int, train_part: Artifact) -> tuple[tuple[Step, ...], Artifact]:
    """Return the search on an outer fold, and what tells the score of the model that it comes to."""
    label = f"{about.name}_outer{fold}"
    parted = about.step(
        f"outer_{about.name}_{fold}",
        op.OuterFold,
        inputs={"train": train_part},
        cv=about.cv.model_copy(update={"folds": about.tune.nested}),
        seed=about.seed,
        fold=fold,
    )
    inner = Artifact(step=parted.name, port="train")
    search = _search(about, label, inner, outer=fold)
    scored = about.step(
        f"score_{label}",
        op.ScoreSearch,
        inputs={"train": inner, "test": Artifact(step=parted.name, port="test"), "trials": search.trials},
        train=about.train,
        metrics=about.training.measured,
        fold=fold,
    )
    return (parted, *search.steps, scored), Artifact(step=scored.name, port="report")


def _reports(trials: Iterable[Step], stem: str = "trials", port: str = "report") -> dict[str, Artifact]:
    return {f"{stem}_{index}": Artifact(step=one.name, port=port) for index, one in enumerate(trials)}


def _rounds(tune: Tune) -> tuple[_Round, ...]:
    """Return the rounds of a search; none where no trial depends on another one."""
    match tune:
        case HalvingSearch(resource=Growing(param=name)):
            return tuple(_Round(rung.size, grown={name: rung.amount or 0}) for rung in rungs(tune))
        case HalvingSearch():
            return tuple(_Round(rung.size, rung.rows) for rung in rungs(tune))
        case GridSearch() | RandomSearch() if tune.time is None:
            return ()
        case _:
            count = trial_count(tune)
            return tuple(_Round(min(tune.parallel, count - made)) for made in range(0, count, tune.parallel))


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
        case HalvingSearch():
            return sum(rung.size for rung in rungs(tune))
        case RandomSearch() | TpeSearch():
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
