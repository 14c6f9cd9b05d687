"""Axes: where values lie, at which numbers ticks stand, and how those are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A linear map from values to coordinates."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the coordinate of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def span(values: Sequence[float], *, zero: bool = False) -> tuple[float, float]:
    """Return the least and greatest value, apart from each other; with `zero` the span holds it."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        half = abs(low) / 2 or 0.5
        return (low, high + 2 * half) if zero and low == 0 else (low - half, high + half)
    return low, high


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers between low and high, about so many."""
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in _STEPS if factor * size >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def labels(values: Sequence[float]) -> list[str]:
    """Return the numbers with as many decimals as tell them apart; thousands as `k`, millions as `M`."""
    greatest = max(map(abs, values), default=0.0)
    if greatest >= 1e15 or 0 < greatest < 1e-4:
        return [f"{value:.2g}" for value in values]
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if greatest >= size:
            scale = 1e3 if unit == "k" else size
            return [f"{text}{unit}" if text != "0" else text for text in _plain([v / scale for v in values])]
    return _plain(values)


def _plain(values: Sequence[float]) -> list[str]:
    for decimals in range(7):
        if all(abs(value - round(value, decimals)) <= abs(value) * 1e-9 + 1e-12 for value in values):
            break
    return [f"{value + 0.0:.{decimals}f}".replace("-", "−") for value in values]
