"""Run-time parameters: declared, typed, with defaults, and how their values are read and checked."""

from typing import Any, Literal, assert_never

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.references import Scalar
from mlopsc.vocabulary.time import format_duration, format_timestamp, parse_duration, parse_timestamp

ScalarType = Literal["string", "int", "float", "bool", "timestamp", "duration"]


class Parameter(Frozen):
    """A value that a run may set: `--set name=value`, or the target's own parameter."""

    type: ScalarType
    default: str | int | float | bool | None = None
    """Taken when a run does not set it; without one, each run must. Timestamps and durations are text."""
    description: str | None = None


def check_value(parameter: Parameter, value: Any) -> str | None:
    """Return what is wrong with a value for a parameter, in words, or None."""
    try:
        normal_value(parameter, value)
    except ValueError as error:
        return str(error)
    return None


def normal_value(parameter: Parameter, value: Any) -> Scalar:
    """Return a value in the form that configurations hold: timestamps and durations as canonical text.

    Raises ValueError when it is not of the parameter's type; nothing is coerced but int to float.
    """
    match parameter.type:
        case "timestamp":
            return format_timestamp(parse_timestamp(value))
        case "duration":
            return format_duration(parse_duration(value))
        case "float" if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        case "int" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "bool" if isinstance(value, bool):
            return value
        case "string" if isinstance(value, str):
            return value
        case "float" | "int" | "bool" | "string":
            raise ValueError(f"expected a value of type {parameter.type}, found {value!r}")
        case _:
            assert_never(parameter.type)


def read_value(parameter: Parameter, text: str) -> Scalar:
    """Return the value that a text says, as `--set` and orchestrators give it; raises ValueError."""
    try:
        match parameter.type:
            case "int":
                return normal_value(parameter, int(text))
            case "float":
                return normal_value(parameter, float(text))
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case _:
                return normal_value(parameter, text)
    except ValueError as error:
        if parameter.type in ("int", "float", "bool"):
            raise ValueError(f"expected a value of type {parameter.type}, found {text!r}") from error
        raise
