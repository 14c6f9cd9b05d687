"""The data that a candidate was trained on against those of the champion."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.drift import DriftTests
from mlopsc.vocabulary.gates.base import BaseGate
from mlopsc.vocabulary.references import ParameterReference


class DriftGate(BaseGate):
    """The candidate's training data are distributed as those of the version that holds the stage."""

    type: Literal["drift"]
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The features that are compared; by default all of them."""
    tests: DriftTests = DriftTests()
    """How they are compared, as in a monitor."""
    max_drifting: Annotated[int, Field(ge=0)] | ParameterReference = 0
    """Features at most that may drift."""
    if_none: Literal["pass", "fail"] = "pass"
    """The verdict when nothing holds the stage yet."""

    @model_validator(mode="after")
    def _once(self) -> "DriftGate":
        if self.columns is not None and len(set(self.columns)) < len(self.columns):
            raise ValueError("`columns` names a column twice")
        return self
