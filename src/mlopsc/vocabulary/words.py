"""Values in words, the same in reasons, on pages and in plots: numbers, labels, counts with their nouns."""

import json
from typing import Any

_LONGEST = 300
"""Letters of a value that are shown; the rest is told by an ellipsis."""


def shown(value: Any) -> str:
    """Return any JSON value as text: text as it is, the rest as JSON."""
    match value:
        case None:
            return "null"
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case float():
            text = number(value)
        case int():
            text = str(value)
        case _:
            text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Return a number with six significant digits."""
    return f"{value:.6g}"
