"""A metric compared: with what a naive forecast scores, and between slices of the rows."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.gates.base import BaseGate, Grouped, Threshold, bounded
from mlopsc.vocabulary.references import ParameterReference

Baseline = Literal["majority", "prior", "mean", "median", "previous_value"]


class BaselineGate(BaseGate):
    """A metric of the test part is better than what a naive forecast of the same rows scores. NaN fails."""

    type: Literal["baseline"]
    metric: str
    over: Baseline | Literal["every"] = "every"
    """The forecast that has to be beaten; by default each of those that the evaluation scored."""
    margin: Annotated[float, Field(ge=0)] | ParameterReference = 0.0
    """How much better at least, in the metric's units; not at all better never passes."""


class SliceGate(Grouped):
    """A metric holds in every slice of the test part, and slices are not far apart. NaN fails."""

    type: Literal["slice"]
    metric: str
    min: Threshold | None = None
    max: Threshold | None = None
    max_gap: Threshold | None = None
    """How far the metric of one slice may be from that of another, among the slices of one name."""
    min_group: Annotated[int, Field(ge=1)] = 30
    """Smaller slices are named and not judged; without any other the gate fails."""

    @model_validator(mode="after")
    def _sensible(self) -> "SliceGate":
        if self.min is None and self.max is None and self.max_gap is None:
            raise ValueError("a slice gate needs `min`, `max` or `max_gap`")
        if self.min is not None or self.max is not None:
            bounded(self.min, self.max, "slice")
        return self
