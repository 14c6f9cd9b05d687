"""What all gates share: the training that they judge, what their no leads to, and the words of a decision."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.references import ParameterReference

Threshold = float | ParameterReference

Severity = Literal["block", "warn"]

Verdict = Literal["pass", "fail", "warn", "unchanged"]
"""`warn`: a gate that only warns says no. `unchanged`: the candidate is the champion, byte for byte."""

Level = Annotated[float, Field(gt=0.5, lt=1)]
Resamples = Annotated[int, Field(ge=100, le=100_000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class BaseGate(Frozen):
    """A rule for the candidates of one training."""

    training: Name
    severity: Severity = "block"
    """What its no leads to: `block` stops what requires the gate; `warn` is recorded and shown, and stops nothing."""


class Grouped(BaseGate):
    """A gate that judges groups of rows, divided by columns or as the training declares."""

    by: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The columns whose values make the groups, several: their intersections. Features, or columns of the entities."""
    slices: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Instead of `by`: names of the training's `slices`; the slices of each are groups."""

    @model_validator(mode="after")
    def _divided(self) -> "Grouped":
        if self.by is not None and self.slices is not None:
            help = "leave one out: `by` divides by columns, `slices` as the training declares"
            raise PydanticCustomError("MLC126", "both `by` and `slices`", {"help": help})
        if self.by is None and self.slices is None:
            raise ValueError("expected `by`, columns, or `slices`, names of slices of the training")
        for key, names in (("by", self.by), ("slices", self.slices)):
            if names is not None and len(set(names)) < len(names):
                what = "a column" if key == "by" else "one of them"
                raise ValueError(f"`{key}` names {what} twice")
        return self

    @property
    def divided_by(self) -> tuple[str, ...]:
        """Names of the columns, or of the slices."""
        return self.by or self.slices or ()


def bounded(low: Threshold | None, high: Threshold | None, kind: str) -> None:
    """Raise ValueError when bounds named `min` and `max` are both absent, or when nothing can pass them."""
    if low is None and high is None:
        raise ValueError(f"a {kind} gate needs `min`, `max` or both")
    if isinstance(low, float) and isinstance(high, float) and low > high:
        raise ValueError(f"`min` {low} is above `max` {high}: nothing can pass")


def failed(found: Mapping[str, Any]) -> bool:
    """Whether a decision stops what depends on it; only `pass`, `unchanged` and `warn` do not."""
    return found.get("verdict") not in ("pass", "unchanged", "warn")
