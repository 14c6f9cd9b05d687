"""Gates that a user writes as a function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import model_validator

from mlopsc.vocabulary.gates.base import BaseGate, Threshold, bounded
from mlopsc.vocabulary.names import FunctionReference

OFFERED = ("metrics", "evaluation", "model", "test", "labels")
"""What a gate's function may ask for, by the names of its parameters."""


class PythonGate(BaseGate):
    """A function `f(…, **args)` judges the candidate. NaN fails, and so does what it raises.

    By the names of its parameters it asks for `metrics` (name → number, or None for NaN), `evaluation` (the whole
    report), `model` (the fitted pipeline), `test` (the features of the test part, a pandas frame as the model takes it)
    and `labels` (their labels, an array). It returns a bool, or a number that `min` and `max` judge; either alone, with
    a reason (`(True, "…")`), or as `{"passed": …}` or `{"value": …}` with `reason` and `numbers` (name → number).
    """

    type: Literal["python"]
    python: FunctionReference
    """The function, `package.module:function`."""
    args: dict[str, Any] = {}
    """Keyword arguments of the function."""
    min: Threshold | None = None
    max: Threshold | None = None

    @model_validator(mode="after")
    def _sensible(self) -> "PythonGate":
        if self.judges_numbers:
            bounded(self.min, self.max, "python")
        if taken := [name for name in self.args if name in OFFERED]:
            raise ValueError(f"`args` cannot give {taken[0]!r}: the function asks for that by this name")
        return self

    @property
    def judges_numbers(self) -> bool:
        """Whether the function has to return a number."""
        return self.min is not None or self.max is not None


@dataclass(frozen=True)
class Parameters:
    """What a function can be called with, by name."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    others: bool = False
    """It takes any further name (`**others`)."""

    def lacks(self, args: Mapping[str, object]) -> str | None:
        """Return the first parameter that a gate with these `args` has nothing for."""
        return next((name for name in self.required if name not in OFFERED and name not in args), None)

    def refuses(self, args: Mapping[str, object]) -> str | None:
        """Return the first of these `args` that the function does not take."""
        known = (*self.required, *self.optional)
        return None if self.others else next((name for name in args if name not in known), None)
