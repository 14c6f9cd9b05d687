"""The gate by a user's function: what it is given, and what its answer comes to."""

import inspect
import math
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.decisions import Decision, decision, number, read_json
from mlopsc.runtime.gates.thresholds import beyond, threshold, within
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.learning.frames import features_from, read_features, read_label
from mlopsc.runtime.models.archive import read_signature
from mlopsc.runtime.store import digest_of_file
from mlopsc.runtime.user_code import load, raised_at, resolve_reference
from mlopsc.vocabulary.gates.python_function import OFFERED, Parameters
from mlopsc.vocabulary.operations import JudgePython

_EXPECTED = 'a bool or a number, alone, with a reason, or as {"passed": …} or {"value": …}'
_KEYS = frozenset({"passed", "value", "reason", "numbers"})


def judge_function(config: JudgePython, metrics: Path, model: Path, test: Path, project: Path) -> Decision:
    """Return the decision; what the function raises, and an answer that is none, fail the gate.

    Raises SpecError when the function is not there or cannot be called so, StepFailed when its module raises, and
    MlopscError when a threshold is a parameter without a value.
    """
    gate = config.gate
    low, high = threshold(config.name, gate.min), threshold(config.name, gate.max)
    bounds = {key: bound for key, bound in (("min", low), ("max", high)) if bound is not None}
    shown: dict[str, Any] = {"training": gate.training, "function": gate.python, "threshold": bounds}
    function = load(resolve_reference(gate.python), project)
    given = _asked(function, config, metrics, model, test, project)
    try:
        answer = _read(function(**given))
    except _Unusable as error:
        reason = f"{gate.python} returned {error}: expected {_EXPECTED}"
        return decision(config.name, "python", "fail", reason, numbers={}, **shown)
    except Exception as error:  # noqa: BLE001 - whatever a user's code raises
        traceback.print_exc(file=sys.stderr)
        reason = f"{gate.python} raised {type(error).__name__}: {error}{raised_at(error)}"
        return decision(config.name, "python", "fail", reason, numbers={}, **shown)
    passed, reason = _judged(gate.python, answer, low, high)
    numbers = {name: value if math.isfinite(value) else None for name, value in answer.numbers.items()}
    observed = answer.value if answer.value is not None and math.isfinite(answer.value) else None
    return decision(
        config.name,
        "python",
        "pass" if passed else "fail",
        reason,
        observed=observed,
        numbers=numbers,
        **shown,
    )


class _Unusable(Exception):
    """An answer that is none; its message says what it is."""


@dataclass(frozen=True)
class _Answer:
    passed: bool | None = None
    value: float | None = None
    reason: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


def _judged(python: str, answer: _Answer, low: float | None, high: float | None) -> tuple[bool, str]:
    """Return whether an answer passes, and the reason: the function's, with what the thresholds say of its value."""
    bounded = low is not None or high is not None
    if bounded and answer.value is None:
        return False, f"{python} returned no number, which `min` and `max` judge"
    if not bounded and answer.passed is None:
        return False, f"{python} returned a number, and neither `min` nor `max` says which numbers pass"
    faults = [
        f"{python} gives {name!r} no value ({one:g})"
        for name, one in answer.numbers.items()
        if not math.isfinite(one)
    ]
    kept: list[str] = []
    if answer.passed is not None:
        (kept if answer.passed else faults).append(
            answer.reason or f"{python} says {'yes' if answer.passed else 'no'}"
        )
    if answer.value is not None:
        what = (answer.passed is None and answer.reason) or python
        if not math.isfinite(answer.value):
            faults.append(f"{what}: no value ({answer.value:g})")
        elif far := beyond(answer.value, low, high):
            faults.append(f"{what}: {number(answer.value)} is {far}")
        elif bounded:
            kept.append(f"{what}: {number(answer.value)} is {within(low, high)}")
    return not faults, "; ".join(faults or kept)


def _asked(
    function: Callable[..., Any], config: JudgePython, metrics: Path, model: Path, test: Path, project: Path
) -> dict[str, Any]:
    """Return what the function is called with; only what it asks for is read."""
    takes, args = _parameters(function, config.gate.python), config.gate.args
    if (lacking := takes.lacks(args)) is not None:
        raise SpecError(
            f"{config.gate.python} wants {lacking!r}, which a gate does not offer and `args` does not give",
            help=f"a gate offers {', '.join(OFFERED)}",
        )
    if (surplus := takes.refuses(args)) is not None:
        raise SpecError(f"{config.gate.python} takes no {surplus!r}, which `args` gives")
    readers: Mapping[str, Callable[[], Any]] = {
        "metrics": lambda: read_json(metrics)["metrics"],
        "evaluation": lambda: read_json(metrics),
        "model": lambda: (
            open_model(model, config.code, project, digest_of_file(model), types=config.trust).estimator
        ),
        "test": lambda: read_features(test, features_from(read_signature(model))),
        "labels": lambda: read_label(test),
    }
    asked = (*takes.required, *takes.optional)
    return {name: readers[name]() for name in OFFERED if name in asked} | args


def _parameters(function: Callable[..., Any], python: str) -> Parameters:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise SpecError(f"{python} does not tell what it takes: {error}", help="name a function") from error
    kinds = inspect.Parameter
    named = [
        one
        for one in signature.parameters.values()
        if one.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    ]
    if unnamed := [one.name for one in named if one.kind is kinds.POSITIONAL_ONLY]:
        raise SpecError(f"{python} takes {unnamed[0]!r} by its position: a gate gives everything by name")
    return Parameters(
        required=tuple(one.name for one in named if one.default is kinds.empty),
        optional=tuple(one.name for one in named if one.default is not kinds.empty),
        others=any(one.kind is kinds.VAR_KEYWORD for one in signature.parameters.values()),
    )


def _read(answer: Any) -> _Answer:
    match answer:
        case Mapping():
            return _document(answer)
        case (first, str() as reason):
            return _alone(first, reason)
        case _:
            return _alone(answer, "")


def _alone(answer: Any, reason: str) -> _Answer:
    if isinstance(answer, bool | np.bool_):
        return _Answer(passed=bool(answer), reason=reason)
    return _Answer(value=_number(answer, "", type(answer).__name__), reason=reason)


def _document(answer: Mapping[Any, Any]) -> _Answer:
    surplus = [str(key) for key in answer if key not in _KEYS]
    if surplus:
        raise _Unusable(f"a key {surplus[0]!r}")
    passed, reason, numbers = answer.get("passed"), answer.get("reason", ""), answer.get("numbers", {})
    if passed is not None and not isinstance(passed, bool | np.bool_):
        raise _Unusable(f"'passed' as {type(passed).__name__}")
    if not isinstance(reason, str):
        raise _Unusable(f"'reason' as {type(reason).__name__}")
    if not isinstance(numbers, Mapping):
        raise _Unusable(f"'numbers' as {type(numbers).__name__}")
    value = answer.get("value")
    if passed is None and "value" not in answer:
        raise _Unusable("neither 'passed' nor 'value'")
    return _Answer(
        passed=None if passed is None else bool(passed),
        value=None if "value" not in answer else _number(value, "'value' as ", type(value).__name__),
        reason=reason,
        numbers={
            str(key): _number(one, f"the number {key!r} as ", type(one).__name__)
            for key, one in numbers.items()
        },
    )


def _number(value: Any, what: str, kind: str) -> float:
    """Return a number as a float, None as NaN, as metrics have it; raises _Unusable for what is none."""
    if what and value is None:
        return math.nan
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _Unusable(f"{what}{kind}")
    return int(value) if isinstance(value, int | np.integer) else float(value)
