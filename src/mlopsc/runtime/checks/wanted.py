"""What a check wants, in the words of its keys."""

import json
from collections.abc import Mapping
from typing import Any

from mlopsc.runtime.decisions import number
from mlopsc.vocabulary.checks import BaseCheck

_TOLD_ELSEWHERE = {
    *("expect", "column", "column_list", "column_A", "column_B", "python", "function", "args"),
    *("on_failure", "name", "description"),
}
_BOUNDS = {"min_value", "max_value", "strict_min", "strict_max", "mostly"}
_LONGEST = 300


def wanted(check: BaseCheck) -> str:
    """Return bounds, sets, patterns and shares of a check as a reader wants them; empty where its name says it all."""
    words = check.model_dump(mode="json", exclude_defaults=True, exclude=_TOLD_ELSEWHERE)
    parts = [*_bounds(words)]
    parts += [
        f"{key.rstrip('_').replace('_', ' ')} {_value(value)}"
        for key, value in words.items()
        if key not in _BOUNDS
    ]
    if "mostly" in words:
        parts.append(f"in at least {words['mostly'] * 100:.4g} %")
    text = "; ".join(parts)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _bounds(words: Mapping[str, Any]) -> list[str]:
    low, high = words.get("min_value"), words.get("max_value")
    least = "" if low is None else f"{'>' if words.get('strict_min') else '≥'} {_value(low)}"
    most = "" if high is None else f"{'<' if words.get('strict_max') else '≤'} {_value(high)}"
    both = " and ".join(part for part in (least, most) if part)
    return [both] if both else []


def _value(value: Any) -> str:
    match value:
        case list():
            return ", ".join(map(_value, value))
        case float():
            return number(value)
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
