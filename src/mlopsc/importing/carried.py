"""What came of another tool's declarations: the checks that are ours now, and what was left behind and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LeftBehind:
    """A declaration that has no counterpart here."""

    place: str
    """Where it stands in the file: `expectations[3]`."""
    what: str
    """What it is called there, with its column."""
    reason: str


@dataclass(frozen=True)
class Carried:
    """The outcome of an import."""

    name: str
    """What the file calls itself."""
    checks: tuple[Mapping[str, Any], ...]
    """As the spec writes them, in the order of the file."""
    left: tuple[LeftBehind, ...]
    notes: tuple[str, ...]
    """What a reader should know of the checks that were carried over."""
