"""Gates: rules that a candidate model must pass before it may hold a stage."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.references import ParameterReference

Threshold = float | ParameterReference


class MetricGate(Frozen):
    """A metric of the test part lies within bounds (inclusive). NaN fails."""

    type: Literal["metric"]
    training: Name
    metric: str
    min: Threshold | None = None
    max: Threshold | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "MetricGate":
        if self.min is None and self.max is None:
            raise ValueError("a metric gate needs `min`, `max` or both")
        if isinstance(self.min, float) and isinstance(self.max, float) and self.min > self.max:
            raise ValueError(f"`min` {self.min} is above `max` {self.max}: nothing can pass")
        return self


class ChampionGate(Frozen):
    """The candidate is better than the version that holds the stage, on rows that neither was trained on."""

    type: Literal["champion"]
    training: Name
    metric: str
    min_delta: Threshold = 0.0
    """How much better, in the metric's units: pass when candidate - champion ≥ min_delta."""
    if_none: Literal["pass", "fail"] = "pass"
    """The verdict when nothing holds the stage yet."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """With fewer rows to compare on, the gate fails: it refuses to judge."""


Gate = Annotated[MetricGate | ChampionGate, Field(discriminator="type")]

Verdict = Literal["pass", "fail", "unchanged"]
"""`unchanged`: the candidate is the champion, byte for byte."""
