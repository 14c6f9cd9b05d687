"""One estimator, one parameter, one scorer, as the catalogue knows them."""

from dataclasses import dataclass
from typing import Any, Literal

EstimatorKind = Literal["classifier", "regressor", "clusterer", "transformer", "other"]
ScorerTask = Literal["classification", "binary", "multilabel", "regression", "clustering"]
Constraint = dict[str, Any]
"""One thing that a parameter may be: `{"is": …}` with the fields that `params.accepts` reads."""


@dataclass(frozen=True, slots=True)
class ParamInfo:
    """A parameter of an estimator; no `constraints` means that any value passes.

    `default` is the repr of the default value, None when the parameter must be given.
    """

    name: str
    default: str | None
    constraints: tuple[Constraint, ...]

    @property
    def deprecated(self) -> bool:
        """Whether scikit-learn warns when it is given."""
        return self.default == "'deprecated'"


@dataclass(frozen=True, slots=True)
class EstimatorInfo:
    """A public estimator; `handles_nan` and `handles_categorical` say what it takes without preparation."""

    path: str
    kind: EstimatorKind
    params: dict[str, ParamInfo]
    predict_proba: bool
    decision_function: bool
    handles_nan: bool
    handles_categorical: bool
    sample_weight: bool
    """Whether `fit` takes a weight for each row."""

    @property
    def random_state(self) -> bool:
        """Whether it draws random numbers, from the parameter `random_state`."""
        return "random_state" in self.params

    @property
    def n_jobs(self) -> bool:
        """Whether it can use several threads or processes, by the parameter `n_jobs`."""
        return "n_jobs" in self.params


@dataclass(frozen=True, slots=True)
class ScorerInfo:
    """A scorer: greater is always better.

    `needs` is what it calls: `predict`; `proba`, predict_proba; `threshold`, decision_function or else
    predict_proba. `task` is the kind of label: `binary` takes two classes only, `classification` any number.
    With `positive_label`, two classes must be false and true, or 0 and 1: others do not say which counts.
    """

    name: str
    needs: Literal["predict", "proba", "threshold"]
    task: ScorerTask
    positive_label: bool
