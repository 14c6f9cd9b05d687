"""Did you mean: the known name that a misspelt one is nearest to."""

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely stands for, or None when none is near.

    Case, `-` and `_` do not count; otherwise a third of the letters may be wrong (one in names of three to
    five), where exchanged neighbours count once. Of equally near names the first in the alphabet is taken.
    """
    folded = _fold(name)
    best: tuple[int, str] | None = None
    for candidate in sorted(set(known)):
        if candidate == name:
            continue
        other = _fold(candidate)
        allowed = 0 if min(len(folded), len(other)) < 3 else max(1, max(len(folded), len(other)) // 3)
        if abs(len(folded) - len(other)) <= allowed:
            distance = _distance(folded, other)
            if distance <= allowed and (best is None or distance < best[0]):
                best = (distance, candidate)
    return best[1] if best else None


def did_you_mean(name: str, known: Iterable[str], *, noun: str = "one of", limit: int = 8) -> str | None:
    """Return a help text: the nearest known name, else the known names when they are few, else None."""
    names = sorted(set(known))
    if suggestion := nearest(name, names):
        return f"did you mean '{suggestion}'?"
    if names and len(names) <= limit:
        return f"{noun} {', '.join(names)}"
    return None


def _fold(name: str) -> str:
    return name.casefold().replace("-", "_")[:80]


def _distance(a: str, b: str) -> int:
    """Damerau-Levenshtein distance, restricted to exchanges of neighbours (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, previous, row = row, before, [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], previous[j - 2] + 1)
    return row[-1]
