"""Operations of a search for parameters: trials, each on its own, and what they came to together."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.metrics import CustomMetric, Metric
from mlopsc.vocabulary.operations.base import BaseOperation, Ports
from mlopsc.vocabulary.operations.learning import Retraining
from mlopsc.vocabulary.time import Duration
from mlopsc.vocabulary.tuning import CrossValidation, Space


class Propose(BaseOperation):
    """Say what the trials of a round try, from what those of earlier rounds came to.

    `candidates` holds under `trials` the reports of all earlier ones, and under `candidates` for each trial of this
    round `index` (its number in the search), `params`, `rows` (the share of rows to learn from), and `skip`, which says
    why it is not to be made, null if it is. Of successive halving each also has `candidate` (its number in the first
    rung), `rung` and `resource`.
    """

    libraries = ("numpy",)
    operation: Literal["propose"] = "propose"
    training: str
    space: Space
    by: Literal["grid", "random", "halving", "tpe"]
    metric: Metric
    seed: int
    round: int
    """From 0."""
    size: Annotated[int, Field(ge=1)]
    """Trials of this round."""
    first: int = 0
    """The number of its first trial in the search."""
    before: int = 0
    """Trials of the round before; none for the first."""
    rows: float = 1.0
    """The share of each fold's rows that its trials learn from."""
    grown: dict[str, int] = {}
    """The parameter that grows from rung to rung, with what this rung is given."""
    time: Duration | None = None
    """The trials of earlier rounds may have taken that long, added up; else none of this round is made."""

    def input_ports(self) -> Ports:
        if not self.before:
            return {}
        earlier: Ports = {"so_far": "report", **{f"trials_{index}": "report" for index in range(self.before)}}
        if self.time is not None:
            earlier |= {
                "spent": "environment",
                **{f"timings_{index}": "environment" for index in range(self.before)},
            }
        return earlier

    def output_ports(self) -> Ports:
        return {"candidates": "report", **({} if self.time is None else {"spent": "environment"})}

    def engine_libraries(self) -> tuple[str, ...]:
        return ("optuna",) if self.by == "tpe" else ()


class Trial(Retraining):
    """Try one set of parameters: fit and score a model on each fold of the train part.

    The report says `index`, `params` (those of the space), `metric`, `scores` (one for each fold), their `mean` and
    population standard deviation `std`, `status` (`ok`, `failed` or `skipped`) and `message`, which says why: a trial
    whose parameters do not go together is no failure of the search. Of successive halving it also has `candidate`,
    `rung` and `resource`.
    """

    operation: Literal["trial"] = "trial"
    training: str
    space: Space
    draw: Literal["grid", "random", "proposed"]
    """Whether it makes its parameters itself, of seed and index, or they were proposed for its round."""
    metric: Metric
    cv: CrossValidation
    seed: int
    """Of folds, draws and the rows that are learned from."""
    index: int
    """Which trial it is, of the search or of its round, from 0."""
    timed: bool = False
    """Whether it tells the seconds that fitting and scoring took."""

    def input_ports(self) -> Ports:
        return {"train": "table", **({"candidates": "report"} if self.draw == "proposed" else {})}

    def output_ports(self) -> Ports:
        return {"report": "report", **({"timing": "environment"} if self.timed else {})}

    def functions(self) -> tuple[str, ...]:
        scored = (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()
        return super().functions() + scored


class CollectTrials(BaseOperation):
    """Put the reports of trials together, and name the best: the first of those with the best mean score.

    Of successive halving it is the best of the last rung in which any was made.
    """

    light = True
    operation: Literal["collect_trials"] = "collect_trials"
    training: str
    metric: Metric
    count: Annotated[int, Field(ge=1)]
    """How many there are, in the last round where there are several."""
    rounds: bool = False
    """Whether there were earlier rounds, which the proposal for the last one tells of."""
    outer: int | None = None
    """Of which outer fold, where the search is one of several that tell what a search is worth."""

    def input_ports(self) -> Ports:
        last: Ports = {f"trials_{index}": "report" for index in range(self.count)}
        return {"so_far": "report", **last} if self.rounds else last

    def output_ports(self) -> Ports:
        return {"trials": "report"}


class OuterFold(BaseOperation):
    """Part the train part once more: rows for a whole search, and rows that tell what its model is worth."""

    libraries = ("scikit-learn", "numpy", "pyarrow")
    operation: Literal["outer_fold"] = "outer_fold"
    training: str
    cv: CrossValidation
    seed: int
    fold: int
    """From 0."""

    def input_ports(self) -> Ports:
        return {"train": "table"}

    def output_ports(self) -> Ports:
        return {"train": "table", "test": "table"}


class ScoreSearch(Retraining):
    """Train with the best that a search on an outer fold found, and score the model on the rows that were kept out.

    The report says `fold`, `params`, `rows` (those scored), `metrics` and `notes`; null is NaN.
    """

    operation: Literal["score_search"] = "score_search"
    training: str
    metrics: tuple[Metric, ...]
    fold: int

    def input_ports(self) -> Ports:
        return {"train": "table", "test": "table", "trials": "report"}

    def output_ports(self) -> Ports:
        return {"report": "report"}

    def functions(self) -> tuple[str, ...]:
        scored = tuple(metric.python for metric in self.metrics if isinstance(metric, CustomMetric))
        return super().functions() + scored
