"""Thresholds of gates: numbers, and what a decision says of a value within or beyond its bounds."""

from typing import TypeVar

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.decisions import number
from mlopsc.vocabulary.references import ParameterReference

T = TypeVar("T")


def threshold(name: str, value: T | ParameterReference) -> T:
    """Return a gate's threshold; raises MlopscError when it is still a reference to a parameter."""
    if isinstance(value, ParameterReference):
        raise MlopscError(f"gate {name!r} needs a value for the parameter {value.name!r}")
    return value


def beyond(value: float, low: float | None, high: float | None) -> str | None:
    """Say by how much a value lies beyond its bounds (inclusive); None when it lies within."""
    if low is not None and value < low:
        return f"{number(low - value)} below the minimum {number(low)}"
    if high is not None and value > high:
        return f"{number(value - high)} above the maximum {number(high)}"
    return None


def within(low: float | None, high: float | None) -> str:
    """Say which bounds a value keeps."""
    parts = [f"at least {number(low)}"] if low is not None else []
    return " and ".join([*parts, f"at most {number(high)}"] if high is not None else parts)
