"""Distributions of a column on both sides, in few numbers: what a picture of a drift report is drawn from."""

from typing import Any

import numpy as np

from mlopsc.runtime.drift.columns import Column, Counts, Floats, Labels, Numbers
from mlopsc.runtime.drift.profile import CategoricalProfile, ColumnProfile, NumericProfile

BINS = 24
LABELS = 10
_TAIL = 0.01


def distribution(reference: ColumnProfile, current: Column) -> dict[str, Any] | None:
    """Return counts of both sides as JSON; None where a side has no values, or they cannot be drawn.

    Numbers: `edges` of up to 24 bins of one width over all but the utmost hundredth of either side, and for
    `reference` and `current` their `counts`, `below` and `above` those. A bin holds its upper edge; the first one also
    its lower.
    Labels: the ten `labels` with the greatest share on a side, their counts on both, and the sums of `others`.
    """
    if isinstance(reference, NumericProfile) and isinstance(current, Numbers):
        return _of_numbers(reference, current)
    if isinstance(reference, CategoricalProfile) and isinstance(current, Labels):
        return _of_labels(reference, current)
    return None


def _of_numbers(reference: NumericProfile, current: Numbers) -> dict[str, Any] | None:
    infinite = int(current.less_than(np.array([-np.finfo(np.float64).max]))[0])
    spans = [_span(reference.values, reference.through), _span(current.values, current.through - infinite)]
    known = [span for span in spans if span is not None]
    if len(known) < 2:
        return None
    low, high = min(span[0] for span in known), max(span[1] for span in known)
    if not np.isfinite(high - low):
        return None
    edges = _edges(low, high, whole=_whole(reference.values) and _whole(current.values))
    position = np.searchsorted(reference.values, edges, side="right")
    before = np.concatenate([[0], reference.through])[position]
    first = int(np.searchsorted(reference.values, edges[0], side="left"))
    start = int(reference.below[first]) if first < len(reference.values) else int(reference.through[-1])
    after = current.up_to(edges)
    return {
        "edges": [float(f"{edge:.6g}") for edge in edges.tolist()],
        "reference": _binned(before, start, int(reference.through[-1])),
        "current": _binned(after, int(current.less_than(edges[:1])[0]), current.count),
    }


def _edges(low: float, high: float, *, whole: bool) -> Floats:
    """Return the edges of bins of one width; those of whole numbers lie between them, lest bins hold unequally many."""
    if whole and high - low < 2**52:
        width = max(1.0, np.ceil((high - low + 1) / BINS))
        return np.arange(low - 0.5, high + width, width)
    if low == high:
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    return np.linspace(low, high, BINS + 1)


def _whole(values: Floats) -> bool:
    return bool(np.all(values == np.floor(values)))


def _span(values: Floats, through: Counts) -> tuple[float, float] | None:
    """Return the finite values at the first and the last hundredth of the rows."""
    finite = np.isfinite(values)
    kept = values[finite]
    if not len(kept):
        return None
    ranks = through[finite]
    places = np.searchsorted(ranks, np.array([_TAIL, 1 - _TAIL]) * ranks[-1])
    low, high = kept[np.minimum(places, len(kept) - 1)].tolist()
    return low, high


def _binned(through: Counts, start: int, total: int) -> dict[str, Any]:
    bounds = np.concatenate([[start], through[1:]])
    return {"counts": np.diff(bounds).tolist(), "below": start, "above": total - int(through[-1])}


def _of_labels(reference: CategoricalProfile, current: Labels) -> dict[str, Any] | None:
    totals = sum(reference.counts.values()) + reference.other, sum(current.counts.values())
    if not all(totals):
        return None
    both = {
        label: (reference.counts.get(label, 0), current.counts.get(label, 0))
        for label in {*reference.counts, *current.counts}
    }

    def share(label: str) -> float:
        return max(count / total for count, total in zip(both[label], totals, strict=True))

    shown = sorted(both, key=lambda label: (-share(label), label))[:LABELS]
    before, after = ([both[label][side] for label in shown] for side in (0, 1))
    return {
        "labels": shown,
        "reference": before,
        "current": after,
        "others": [totals[0] - sum(before), totals[1] - sum(after)],
    }
