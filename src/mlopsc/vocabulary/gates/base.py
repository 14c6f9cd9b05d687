"""What all gates share: the training that they judge, what their no leads to, and the words of a decision."""

from typing import Annotated, Literal

from pydantic import Field

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


def bounded(low: Threshold | None, high: Threshold | None, kind: str) -> None:
    """Raise ValueError when bounds named `min` and `max` are both absent, or when nothing can pass them."""
    if low is None and high is None:
        raise ValueError(f"a {kind} gate needs `min`, `max` or both")
    if isinstance(low, float) and isinstance(high, float) and low > high:
        raise ValueError(f"`min` {low} is above `max` {high}: nothing can pass")
