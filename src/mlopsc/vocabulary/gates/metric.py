"""A metric within bounds, as measured or at the worse end of its confidence interval."""

from typing import Literal

from pydantic import model_validator

from mlopsc.vocabulary.gates.base import BaseGate, Level, Resamples, Seed, Threshold, bounded


class MetricGate(BaseGate):
    """A metric of the test part lies within bounds (inclusive). NaN fails."""

    type: Literal["metric"]
    metric: str
    min: Threshold | None = None
    max: Threshold | None = None
    on: Literal["value", "lower"] = "value"
    """What is judged: the metric's value, or the worse end of its bootstrap confidence interval, which is the lower one
    unless less is better."""
    level: Level = 0.95
    """Of the interval, two-sided; for `on: lower`."""
    resamples: Resamples = 1000
    """Of the test rows, for the interval."""
    seed: Seed = 0
    """Of the resamples."""

    @model_validator(mode="after")
    def _sensible(self) -> "MetricGate":
        bounded(self.min, self.max, "metric")
        fields = type(self).model_fields
        for name in ("level", "resamples", "seed"):
            if self.on == "value" and getattr(self, name) != fields[name].default:
                raise ValueError(f"`{name}` is about the confidence interval: it needs `on: lower`")
        return self
