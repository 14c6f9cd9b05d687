"""Probabilities that mean what they say."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.gates.base import BaseGate
from mlopsc.vocabulary.references import ParameterReference


class CalibrationGate(BaseGate):
    """Probabilities of the positive class, of two, are what happens. NaN fails."""

    type: Literal["calibration"]
    max_ece: Annotated[float, Field(gt=0, le=1)] | ParameterReference | None = None
    """Of the expected calibration error: how far the mean probability of a bin is from the share of positive rows in
    it, averaged over the rows."""
    bins: Annotated[int, Field(ge=2, le=1000)] = 10
    """Bins of equal width between 0 and 1, for `max_ece`."""
    max_brier: Annotated[float, Field(gt=0, le=1)] | ParameterReference | None = None
    """Of the mean squared difference between probability and outcome."""
    slope: Annotated[tuple[float, ...], Field(min_length=2, max_length=2)] | None = None
    """Least and largest slope of the outcome's log odds on those of the probability; 1 is right, less is too sure."""
    max_intercept: Annotated[float, Field(gt=0)] | ParameterReference | None = None
    """How far from 0, up or down, the intercept may be at slope 1: probabilities are too high or too low as a whole."""

    @model_validator(mode="after")
    def _sensible(self) -> "CalibrationGate":
        if all(bound is None for bound in (self.max_ece, self.max_brier, self.slope, self.max_intercept)):
            raise ValueError("a calibration gate needs `max_ece`, `max_brier`, `slope` or `max_intercept`")
        if self.max_ece is None and self.bins != type(self).model_fields["bins"].default:
            raise ValueError("`bins` are those of the expected calibration error: they need `max_ece`")
        if self.slope is not None and self.slope[0] > self.slope[1]:
            raise ValueError(f"`slope` {self.slope[0]} is above {self.slope[1]}: nothing can pass")
        return self
