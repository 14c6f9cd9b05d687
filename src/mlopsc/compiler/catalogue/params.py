"""Judging the parameters of an estimator by scikit-learn's own constraints, and saying them in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.catalogue.entries import Constraint, ParamInfo
from mlopsc.diagnostics.suggest import nearest

_INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class ParamFault:
    """A parameter that does not exist, or a value that it cannot take; `value` is None when it is missing."""

    name: str
    value: Any
    message: str
    suggestion: str | None = None


def check_params(known: Mapping[str, ParamInfo], given: Mapping[str, Any]) -> list[ParamFault]:
    """Return what is wrong with the parameters `given`, in their order, then those that are missing."""
    faults = []
    for name, value in given.items():
        if name not in known:
            faults.append(ParamFault(name, value, f"unknown parameter '{name}'", nearest(name, known)))
        elif not _accepted(value, known[name].constraints):
            message = f"{name} must be {in_words(known[name].constraints)}, found {value!r}"
            faults.append(ParamFault(name, value, message, _nearest_choice(value, known[name].constraints)))
    missing = [name for name, param in known.items() if param.default is None and name not in given]
    return faults + [ParamFault(name, None, f"parameter '{name}' must be given") for name in missing]


def in_words(constraints: Iterable[Constraint]) -> str:
    """Return what the constraints allow, as the end of the sentence `max_iter must be …`."""
    words = list(dict.fromkeys(_words(constraint) for constraint in constraints))
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _accepted(value: Any, constraints: tuple[Constraint, ...]) -> bool:
    return not constraints or any(_accepts(constraint, value) for constraint in constraints)


def _accepts(constraint: Constraint, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match constraint["is"]:
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and _within(constraint, value)
        case "real":
            # scikit-learn's RealNotInt: an int there means a count, so 1 and 1.0 differ.
            return isinstance(value, float) and _within(constraint, value)
        case "number":
            return number and _within(constraint, value)
        case "choice":
            return any(value == choice and type(value) is type(choice) for choice in constraint["of"])
        case "bool":
            return isinstance(value, bool)
        case "none":
            return value is None
        case "str":
            return isinstance(value, str)
        case "list" | "tuple":
            return isinstance(value, list | tuple)
        case "map":
            return isinstance(value, dict)
        case "infinite":
            return bool(value == _INFINITE)
        case "minus infinite":
            return bool(value == -_INFINITE)
        case "nan":
            return isinstance(value, float) and value != value
        case _:
            return False


def _within(constraint: Constraint, value: float) -> bool:
    low, high = constraint.get("low", -_INFINITE), constraint.get("high", _INFINITE)
    closed = constraint.get("closed", "neither")
    above = value > low or (value == low and closed in ("left", "both"))
    below = value < high or (value == high and closed in ("right", "both"))
    return bool(above and below)


def _words(constraint: Constraint) -> str:
    match constraint["is"]:
        case "int" | "real" | "number" as kind:
            noun = {"int": "an integer", "real": "a float", "number": "a number"}[kind]
            return noun + _range(constraint)
        case "choice":
            choices = [repr(choice) for choice in constraint["of"]]
            return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
        case "bool":
            return "true or false"
        case "none":
            return "null"
        case "str":
            return "a string"
        case "list" | "tuple":
            return "a list"
        case "map":
            return "a map"
        case "infinite":
            return ".inf"
        case "minus infinite":
            return "-.inf"
        case "nan":
            return ".nan"
        case _:
            return str(constraint["words"])


def _range(constraint: Constraint) -> str:
    low, high, closed = constraint.get("low"), constraint.get("high"), constraint.get("closed", "neither")
    least = f"{'at least' if closed in ('left', 'both') else 'greater than'} {low}"
    most = f"{'at most' if closed in ('right', 'both') else 'less than'} {high}"
    bounds = [text for text, bound in ((least, low), (most, high)) if bound is not None]
    return " " + " and ".join(bounds) if bounds else ""


def _nearest_choice(value: Any, constraints: tuple[Constraint, ...]) -> str | None:
    choices = [str(choice) for constraint in constraints for choice in constraint.get("of", ())]
    return nearest(value, choices) if isinstance(value, str) else None
