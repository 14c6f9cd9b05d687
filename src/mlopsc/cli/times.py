"""When something was and how long it took, in words for a screen."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from mlopsc.cli.progress import seconds


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def took(started: datetime, ended: datetime | None) -> str:
    """Return the time between two moments, nothing where the second is not known."""
    return "" if ended is None else seconds((ended - started).total_seconds())


def counted(words: Iterable[str]) -> str:
    """Return how often each word occurs: `3 run, 2 cached`."""
    return ", ".join(f"{number} {word}" for word, number in Counter(words).items())
