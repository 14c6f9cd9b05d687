"""Lines and bins: points of a curve in a bounded number, edges, and numbers as the artifact keeps them."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.learning.curves.unavailable import Unavailable

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Chart = dict[str, Any]

_QUANTILE_BINS = 10


def corners(x: Counts, y: Counts) -> Counts:
    """Return the positions of a line's points that do not lie on a straight line between their neighbours."""
    dx, dy = np.diff(x), np.diff(y)
    bend = dx[:-1] * dy[1:] != dy[:-1] * dx[1:]
    return np.flatnonzero(np.concatenate([[True], bend, [True]]))


def thinned(x: Floats, y: Floats, limit: int) -> Counts:
    """Return the positions of at most `limit` points of a line: those beside marks at equal distances along it.

    With |Δx| + |Δy| for distance, each point left out lies within 2 / limit of the line's length from one
    that is kept.
    """
    if len(x) <= limit:
        return np.arange(len(x))
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    marks = np.linspace(0, along[-1], limit // 2 + 1)[1:-1]
    after = np.searchsorted(along, marks)
    return np.unique(np.concatenate([[0], after - 1, after, [len(x) - 1]]))


def edges_between(low: float, high: float, bins: int) -> Floats:
    """Return the edges of bins of one width; around a single value."""
    if not low < high:
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    return np.linspace(low, high, bins + 1)


def bin_of(values: Floats, edges: Floats) -> Counts:
    """Return in which bin each value lies; the first and the last bin take what lies beyond."""
    return np.searchsorted(edges[1:-1], values, side="right")


def quantile_bins(ranked: Floats) -> list[tuple[int, int]]:
    """Return start and end of ten bins of about as many sorted values; equal values share a bin."""
    cuts = np.quantile(ranked, np.linspace(0, 1, _QUANTILE_BINS + 1)[1:-1])
    bounds = [0, *np.searchsorted(ranked, cuts, side="right").tolist(), len(ranked)]
    return [(start, end) for start, end in pairwise(bounds) if start < end]


def running_sums(values: Floats) -> Floats:
    """Return the sums of the first 0, 1, 2, … values.

    They are added one by one: `sum` adds in an order that depends on the width of the processor's vectors.
    """
    return np.concatenate([[0.0], np.cumsum(values)])


def rounded_list(values: Floats) -> list[float]:
    """Return the numbers as the artifact keeps them."""
    return [rounded(value) for value in values.tolist()]


def rounded(value: float) -> float:
    """Return a number with six significant digits; raises Unavailable when it is none (an overflow)."""
    if not math.isfinite(value):
        raise Unavailable("its numbers are too large")
    return float(f"{value:.6g}") + 0.0  # -0.0 becomes 0.0
