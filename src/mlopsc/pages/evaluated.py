"""What stands beside a training's metrics: their intervals, and naive forecasts."""

from collections.abc import Mapping
from typing import Any

from mlopsc.pages.sections import Comparison
from mlopsc.pages.words import number


def comparison(found: Mapping[str, Any]) -> Comparison | None:
    """Return the metrics as a table beside their intervals and the naive forecasts; None where there are neither."""
    baselines: Mapping[str, Mapping[str, float | None]] = found.get("baselines", {})
    intervals = found.get("intervals", {})
    if not baselines and not intervals:
        return None
    headings = [*(["interval"] if intervals else []), *(name.replace("_", " ") for name in baselines)]
    rows = []
    for metric, value in found["metrics"].items():
        cells = [_interval(intervals[metric])] if intervals else []
        cells += [_value(baseline.get(metric)) for baseline in baselines.values()]
        rows.append((metric, _value(value), tuple(cells)))
    return Comparison(tuple(headings), tuple(rows))


def _value(value: float | None) -> str:
    return "no value" if value is None else number(value)


def _interval(one: Mapping[str, Any]) -> str:
    if one["low"] is None or one["high"] is None:
        return "none"
    return f"{number(one['low'])} to {number(one['high'])}"
