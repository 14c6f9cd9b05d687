"""Scalars with a declared type: run-time parameters and variables, how their values are read and checked."""

from typing import Any, Literal, assert_never

from mlopsc.diagnostics.describe import describe
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.references import Scalar
from mlopsc.vocabulary.time import format_duration, format_timestamp, parse_duration, parse_timestamp

PARAMETER_VARIABLE = "MLOPSC_PARAM_"
"""Beginning of the environment variables that give parameters their values, as `--set` does; the name follows."""

NOW = "now"
"""What a run may be given for a timestamp: the instant at which it begins, which is recorded in its place."""

ScalarType = Literal["string", "int", "float", "bool", "timestamp", "duration"]

_WANTED: dict[ScalarType, str] = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "duration": "a duration such as 30d, 3h or 1h30m",
    "timestamp": "a timestamp such as 2013-12-31T00:00:00Z",
}
SAMPLES: dict[ScalarType, Scalar] = {
    "string": "text",
    "int": 1,
    "float": 1.5,
    "bool": True,
    "duration": "1d",
    "timestamp": "2000-01-01T00:00:00Z",
}
"""A value of each type, for checks before a run decides."""


class Parameter(Frozen):
    """A value that a run may set: `--set name=value`, or the target's own parameter."""

    type: ScalarType
    default: str | int | float | bool | None = None
    """Taken when a run does not set it; without one, each run must. Timestamps and durations are text."""
    description: str | None = None

    @property
    def sample(self) -> Scalar:
        """The default, else some value of the type."""
        if self.default is None or check_value(self, self.default):
            return SAMPLES[self.type]
        return normal_value(self, self.default)


def check_value(parameter: Parameter, value: Any) -> str | None:
    """Return what is wrong with a value for a parameter, in words, or None."""
    try:
        normal_value(parameter, value)
    except ValueError as error:
        return str(error)
    return None


def normal_value(parameter: Parameter, value: Any) -> Scalar:
    """Return a value in the form that configurations hold: timestamps and durations as canonical text.

    Raises ValueError, which says what was expected and found, when it is not of the parameter's type; nothing is
    coerced but int to float.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        match parameter.type:
            case "timestamp" if isinstance(value, str):
                return format_timestamp(parse_timestamp(value))
            case "duration" if isinstance(value, str):
                return format_duration(parse_duration(value))
            case "float" if number:
                return float(value)
            case "int" if number and isinstance(value, int):
                return value
            case "bool" if isinstance(value, bool):
                return value
            case "string" if isinstance(value, str):
                return value
            case "timestamp" | "duration" | "float" | "int" | "bool" | "string":
                pass
            case _:
                assert_never(parameter.type)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"expected {_WANTED[parameter.type]}, found {describe(value)}")


def read_value(parameter: Parameter, text: str) -> Scalar:
    """Return the value that a text says, as `--set` and orchestrators give it; raises ValueError."""
    value: Any = text
    try:
        match parameter.type:
            case "int":
                value = int(text)
            case "float":
                value = float(text)
            case "bool":
                value = {"true": True, "false": False}.get(text.lower(), text)
            case _:
                pass
    except ValueError:
        pass
    return normal_value(parameter, value)
