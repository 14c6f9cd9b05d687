"""Durations, times and digests as a reader wants them, beside the words that values have everywhere."""

from datetime import datetime

from mlopsc.vocabulary.words import number, plural, shown


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
