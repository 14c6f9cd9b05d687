"""Values in words: numbers, labels, durations, digests as a reader wants them."""

import json
from datetime import datetime
from typing import Any

from mlopsc.runtime.decisions import number

LONGEST = 300
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
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def took(seconds: float | None) -> str:
    """Return a duration as tables show it; nothing when it is not known."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment(time: datetime | None) -> str:
    """Return a time in UTC, to the second."""
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def short_digest(digest: str) -> str:
    """Return the first letters of a digest: enough to tell one from another."""
    return digest.removeprefix("sha256:")[:12]


__all__ = ["moment", "number", "plural", "short_digest", "shown", "took"]
