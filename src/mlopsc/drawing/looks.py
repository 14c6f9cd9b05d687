"""Colours and signs: what each status looks like in light and dark; never colour alone, always a sign and a word."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a status is drawn. Colours are CSS; the sign is an SVG path in a square from -5 to 5."""

    strong: str
    """The badge and the card's edge, in both themes: white on it has a contrast of at least 4.5."""
    tint: str
    """The card, in a light theme."""
    shade: str
    """The card, in a dark theme."""
    sign: str
    dashed: bool = False


LOOKS: Mapping[str, Look] = {
    "run": Look("#15803d", "#dcfce7", "#14352a", "M-4 0.5 L-1.2 3.2 L4 -3"),
    "cached": Look("#0369a1", "#e0f2fe", "#12344a", "M-4 -1.9 H4 M-4 1.9 H4"),
    "running": Look("#4f46e5", "#e0e7ff", "#2b2a63", "M-2.2 -3.6 L3.6 0 L-2.2 3.6 Z"),
    "failed": Look("#b91c1c", "#fee2e2", "#4c1d1d", "M-3.2 -3.2 L3.2 3.2 M3.2 -3.2 L-3.2 3.2"),
    "refused": Look("#c2410c", "#ffedd5", "#4a2410", "M-4 0 H4"),
    "blocked": Look("#a16207", "#fef9c3", "#42330c", "M-2 -3.6 V3.6 M2 -3.6 V3.6"),
    "skipped": Look("#64748b", "#f1f5f9", "#27303f", "M-3.8 -3 L-0.6 0 L-3.8 3 M0.6 -3 L3.8 0 L0.6 3", True),
    "cancelled": Look("#57534e", "#e7e5e4", "#33302d", "M-2.8 -2.8 H2.8 V2.8 H-2.8 Z"),
    "pending": Look("#64748b", "#ffffff", "#1e293b", "M-3.4 0 H-3.3 M0 0 H0.1 M3.4 0 H3.5", True),
}
"""Status → look, in the order of a legend."""

OTHER = Look("#475569", "#f1f5f9", "#27303f", "M0 -3.6 V1 M0 3.5 V3.6")
"""The look of a status that is none of these."""


def look(status: str) -> Look:
    """Return a status's look."""
    return LOOKS.get(status, OTHER)


def look_name(status: str) -> str:
    """Return the status as a class or style may be called: one of the known words, or `other`."""
    return status if status in LOOKS else "other"
