"""Run-time parameters and compile-time variables: declared, typed, with defaults."""

from typing import Literal

from mlopsc.vocabulary.base import Frozen

ScalarType = Literal["string", "int", "float", "bool", "timestamp", "duration"]


class Parameter(Frozen):
    """A value that a run may set: `--set name=value`, or the target's own parameter."""

    type: ScalarType
    default: str | int | float | bool | None = None
    """Taken when a run does not set it; without one, each run must. Timestamps and durations are text."""
    description: str | None = None
