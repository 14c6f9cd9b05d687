"""Operations of a search for parameters: trials, each on its own, and what they came to together."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.metrics import CustomMetric, Metric
from mlopsc.vocabulary.operations.base import BaseOperation, Ports
from mlopsc.vocabulary.operations.learning import Train
from mlopsc.vocabulary.tuning import CrossValidation, Draw, Space


class Trial(BaseOperation):
    """Try one set of parameters: fit and score a model on each fold of the train part.

    The report says `index`, `params` (those of the space), `metric`, `scores` (one for each fold), their `mean` and
    population standard deviation `std`, `status` (`ok` or `failed`) and `message`, which says why it failed: a trial
    whose parameters do not go together is no failure of the search.
    """

    libraries = Train.libraries
    operation: Literal["trial"] = "trial"
    training: str
    train: Train
    """How a model is trained, but for the parameters of the space."""
    space: Space
    draw: Draw
    metric: Metric
    cv: CrossValidation
    seed: int
    """Of folds and draws."""
    index: int
    """Which trial it is, from 0: seed, space and this settle its parameters."""

    def input_ports(self) -> Ports:
        return {"train": "table"}

    def output_ports(self) -> Ports:
        return {"report": "report"}

    def engine_libraries(self) -> tuple[str, ...]:
        return self.train.engine_libraries()

    def functions(self) -> tuple[str, ...]:
        scored = (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()
        return self.train.functions() + scored


class CollectTrials(BaseOperation):
    """Put the reports of trials together, and name the best: the first of those with the best mean score."""

    light = True
    operation: Literal["collect_trials"] = "collect_trials"
    training: str
    metric: Metric
    count: Annotated[int, Field(ge=1)]

    def input_ports(self) -> Ports:
        return {f"trials_{index}": "report" for index in range(self.count)}

    def output_ports(self) -> Ports:
        return {"trials": "report"}
