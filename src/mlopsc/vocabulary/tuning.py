"""Hyper-parameter search: spaces, cross-validation, and how the trials come by their parameters."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import product
from math import isfinite, prod
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from mlopsc.diagnostics.suggest import nearest
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.time import Duration

Folds = Annotated[int, Field(ge=2, le=100)]
_Whole = Annotated[int, Field(ge=1)]
_Width = Annotated[float, Field(gt=0)]
_Ends = Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]
Trials = Annotated[int, Field(ge=1, le=10_000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Integers(Frozen):
    """Whole numbers from the first to the second, both included."""

    int: Annotated[tuple[int, ...], Field(min_length=2, max_length=2)]
    """The least and the greatest."""
    log: bool = False
    """Draw so that each doubling is as likely as any other."""
    step: _Whole = 1
    """Only the first number and those whole steps above it."""

    @model_validator(mode="after")
    def _ordered(self) -> "Integers":
        _require_order(self.int)
        if self.log and (self.step != 1 or self.int[0] < 1):
            raise ValueError("`log` needs numbers from 1 on, and no `step`")
        return self


class Floats(Frozen):
    """Numbers from the first to the second, each as likely as any other."""

    float: _Ends
    """The least and the greatest."""
    step: _Width | None = None
    """Only the first number and those whole steps above it."""

    @model_validator(mode="after")
    def _ordered(self) -> "Floats":
        _require_order(self.float)
        return self


class LogUniform(Frozen):
    """Positive numbers from the first to the second, each order of magnitude as likely as any other."""

    loguniform: _Ends
    """The least and the greatest."""

    @model_validator(mode="after")
    def _ordered(self) -> "LogUniform":
        _require_order(self.loguniform)
        if self.loguniform[0] <= 0:
            raise ValueError(f"`loguniform` needs positive numbers, found {self.loguniform[0]:g}")
        return self


class Choice(Frozen):
    """One of these values, each as likely as any other."""

    choice: Annotated[tuple[Any, ...], Field(min_length=1)]
    """The values, of any type that the parameter takes."""


def _require_order(ends: tuple[float, ...]) -> None:
    if not (all(map(isfinite, ends)) and ends[0] < ends[1]):
        raise ValueError(f"expected two finite numbers, the lower one first, found {list(ends)}")


def _kind(value: Any) -> str:
    """Return which dimension a value is, or, where a key is misspelt, most likely means."""
    kinds: dict[str, type] = {"int": Integers, "float": Floats, "loguniform": LogUniform, "choice": Choice}
    if not isinstance(value, dict):
        return next((kind for kind, model in kinds.items() if isinstance(value, model)), "choice")
    near = (nearest(key, kinds) for key in value if isinstance(key, str) and key not in ("log", "step"))
    return next((kind for kind in (*(kind for kind in kinds if kind in value), *near) if kind), "choice")


Dimension = Annotated[
    Annotated[Integers, Tag("int")]
    | Annotated[Floats, Tag("float")]
    | Annotated[LogUniform, Tag("loguniform")]
    | Annotated[Choice, Tag("choice")],
    Discriminator(_kind),
]
"""What one parameter may be."""
Space = Annotated[dict[str, Dimension], Field(min_length=1)]
"""Parameter of the estimator → what it may be; `__` reaches into a part (`estimator__max_depth`)."""


def listed(dimension: Dimension) -> tuple[Any, ...] | None:
    """Return the values of a dimension in their order, None where there are too many to list."""
    match dimension:
        case Choice():
            return dimension.choice
        case Integers(log=False):
            return tuple(range(dimension.int[0], dimension.int[1] + 1, dimension.step))
        case Floats(step=float(step)):
            low, high = dimension.float
            first, width = Decimal(repr(low)), Decimal(repr(step))  # as written: 0.1 + 2 · 0.1 is 0.3
            count = int((Decimal(repr(high)) - first) / width) + 1
            return tuple(float(first + index * width) for index in range(count))
        case _:
            return None


def ends(dimension: Dimension) -> tuple[Any, ...]:
    """Return the values that must suit the estimator if all are to: every choice, or both ends."""
    match dimension:
        case Choice():
            return dimension.choice
        case Integers():
            return dimension.int
        case Floats():
            return dimension.float
        case LogUniform():
            return dimension.loguniform


def grid_size(space: Mapping[str, Dimension]) -> int:
    """Return how many combinations a space of listed values has."""
    return prod(len(listed(dimension) or ()) for dimension in space.values())


def grid(space: Mapping[str, Dimension]) -> list[dict[str, Any]]:
    """Return every combination, in the order of scikit-learn's ParameterGrid: names sorted, the last one fastest."""
    names = sorted(space)
    return [
        dict(zip(names, values, strict=True))
        for values in product(*(listed(space[name]) or () for name in names))
    ]


class KFold(Frozen):
    """Rows shuffled by the seed, in parts of equal size."""

    type: Literal["kfold"] = "kfold"
    folds: Folds = 5
    """How many parts are scored, each by a model of its own."""


class StratifiedFolds(Frozen):
    """As `kfold`, but every class of the label keeps its share in each part."""

    type: Literal["stratified"]
    folds: Folds = 5
    """How many parts are scored, each by a model of its own."""


class GroupFolds(Frozen):
    """Rows of one group stay together: the groups are those of the training's split."""

    type: Literal["group"]
    folds: Folds = 5
    """How many parts are scored, each by a model of its own."""


class TimeFolds(Frozen):
    """Each part is later than all rows that are learned from; these grow from part to part."""

    type: Literal["time"]
    folds: Folds = 5
    """How many parts are scored, each by a model of its own."""
    gap: Duration = timedelta(0)
    """How much older than the part's first row those that are learned from must be, besides older."""


CrossValidation = Annotated[KFold | StratifiedFolds | GroupFolds | TimeFolds, Field(discriminator="type")]


def _some(time: timedelta) -> timedelta:
    if not time:
        raise ValueError("expected a duration greater than 0s")
    return time


Budget = Annotated[Duration, AfterValidator(_some)]


class _Search(Frozen):
    space: Space
    """Parameter of the estimator → what it may be."""
    cv: CrossValidation | None = None
    """Left out, folds are made as the training's split is, five of them."""
    metric: str | None = None
    """One of the training's metrics, to be made as good as can be; the first one where it is left out."""
    parallel: Annotated[int, Field(ge=1, le=1000)] = 4
    """How many trials may run at a time. Where a later trial depends on earlier ones, so many begin together."""
    seed: Seed | None = None
    """Of folds and draws; the training's where it is left out."""
    time: Budget | None = None
    """What trials may take, all of them added up; what has not begun by then is skipped."""
    nested: Annotated[int, Field(ge=2, le=20)] | None = None
    """Search so many times more, each without a part of the train part, which then tells what a search is worth."""


class GridSearch(_Search):
    """Every combination of listed values."""

    search: Literal["grid"]


class RandomSearch(_Search):
    """Combinations drawn by the seed, each independent of the others."""

    search: Literal["random"]
    trials: Trials
    """How many combinations are drawn."""


class Growing(Frozen):
    """A parameter of the estimator that is the greater, the more a fit costs and is worth: `n_estimators`."""

    param: Annotated[str, Field(min_length=1)]
    """Its name; neither `params` nor `space` has it."""
    max: Annotated[int, Field(ge=2)]
    """What the last rung is given, and with it the model."""


Resource = Literal["rows"] | Growing


class HalvingSearch(_Search):
    """Successive halving: many combinations with little of a resource, the best of them with more of it."""

    search: Literal["halving"]
    trials: Annotated[int, Field(ge=2, le=10_000)]
    """How many combinations are drawn for the first rung."""
    factor: Annotated[int, Field(ge=2, le=100)] = 3
    """One in so many goes on to the next rung, which is given so many times more."""
    resource: Resource = "rows"
    """What grows from rung to rung: rows to learn from, or a parameter."""
    rungs: Annotated[int, Field(ge=2, le=20)] | None = None
    """How many rungs there are, the last one with all of the resource; left out, until few enough are left."""


class TpeSearch(_Search):
    """Optuna's tree-structured Parzen estimator: what is tried next depends on what did well; needs `mlopsc[tune]`."""

    search: Literal["tpe"]
    trials: Trials
    """How many combinations are tried, `parallel` at a time; the first ten are drawn by chance."""


Tune = Annotated[GridSearch | RandomSearch | HalvingSearch | TpeSearch, Field(discriminator="search")]
"""A search for the parameters of a training's estimator, within its train part."""

Draw = Literal["grid", "random"]
"""How a trial comes by its parameters by itself."""


class Rung(Frozen):
    """A stage of successive halving."""

    size: int
    """How many combinations are tried."""
    rows: float = 1.0
    """Which share of a fold's rows is learned from."""
    amount: int | None = None
    """What a parameter that grows is given; None where the rows do."""


def rungs(search: HalvingSearch) -> tuple[Rung, ...]:
    """Return the stages, the last one with all of the resource.

    Sizes and amounts are those of scikit-learn's HalvingRandomSearchCV with `min_resources="exhaust"`, after Jamieson
    and Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter optimization".
    """
    growing, factor = isinstance(search.resource, Growing), search.factor
    count = most_rungs(search) if search.rungs is None else search.rungs
    found = []
    for stage in range(count):
        divisor = factor ** (count - 1 - stage)
        amount = search.resource.max // divisor if isinstance(search.resource, Growing) else None
        size = -(-search.trials // factor**stage)
        found.append(Rung(size=size, rows=1.0 if growing else 1 / divisor, amount=amount))
    return tuple(found)


def most_rungs(search: HalvingSearch) -> int:
    """Return how many rungs there can be: until one combination is left, and none is given less than one."""
    count = 1
    while search.factor**count <= search.trials and (
        not isinstance(search.resource, Growing) or search.resource.max // search.factor**count >= 1
    ):
        count += 1
    return count
