"""What a model is worth when its inputs are not what they were."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.gates.base import BaseGate, Seed
from mlopsc.vocabulary.references import ParameterReference

Harm = Literal["nulls", "unseen", "noise"]
HARMS: tuple[Harm, ...] = get_args(Harm)
HARMED: Mapping[Harm, tuple[str, ...]] = {
    "nulls": ("numeric", "boolean", "string"),
    "unseen": ("string",),
    "noise": ("numeric",),
}
"""The kinds of features that a perturbation can be done to."""


class _Perturbation(Frozen):
    """What is done to one feature at a time, and how much of the metric that may cost."""

    max_drop: Annotated[float, Field(ge=0)] | ParameterReference
    """How much worse the metric may get, in its units, whichever feature is harmed."""
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The features that are harmed, one after another; by default each that can be."""

    @model_validator(mode="after")
    def _once(self) -> "_Perturbation":
        if self.columns is not None and len(set(self.columns)) < len(self.columns):
            raise ValueError("`columns` names a column twice")
        return self


class Nulls(_Perturbation):
    """Values are missing."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Of the rows."""


class Unseen(_Perturbation):
    """Text is of a category that training never saw."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Of the rows."""


class Noise(_Perturbation):
    """Numbers are off by normal noise."""

    share: Annotated[float, Field(gt=0)] = 0.1
    """The noise's standard deviation, as a share of the column's own in the test part."""


class RobustnessGate(BaseGate):
    """A metric of the test part gets little worse when features are harmed. NaN fails, and so does an error."""

    type: Literal["robustness"]
    metric: str
    nulls: Nulls | None = None
    """Values made missing."""
    unseen: Unseen | None = None
    """Categories that training never saw."""
    noise: Noise | None = None
    """Noise on numbers."""
    seed: Seed = 0
    """Of the rows that are harmed, and of the noise."""

    @model_validator(mode="after")
    def _sensible(self) -> "RobustnessGate":
        if not self.harms():
            raise ValueError(f"a robustness gate needs a perturbation: {', '.join(HARMS)}")
        return self

    def harms(self) -> dict[Harm, Nulls | Unseen | Noise]:
        """Return the perturbations that are asked for."""
        asked: dict[Harm, Nulls | Unseen | Noise | None] = {
            "nulls": self.nulls,
            "unseen": self.unseen,
            "noise": self.noise,
        }
        return {harm: how for harm, how in asked.items() if how is not None}
