"""What stands beside a training's metrics: their intervals, naive forecasts, and the same numbers by slice."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.reporting.charts.ranges import Range, ranges
from mlopsc.reporting.figures import Figure
from mlopsc.reporting.sections import Comparison
from mlopsc.reporting.words import number, plural

_SLICES, _METRICS = 20, 4
"""A figure shows at most so many slices; a division has at most so many figures."""


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


def slice_figures(found: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield a figure for each division of the rows and metric: the slices, the lowest value first."""
    for division, slices in found.get("slices", {}).items():
        # A total grows with the rows: slices of different sizes are not compared by it.
        compared = [name for name in found["metrics"] if name != "value_total"]
        for metric in compared[:_METRICS]:
            overall = found["metrics"][metric]
            yield _figure(division, metric, overall, slices)


def _figure(division: str, metric: str, overall: float | None, slices: Any) -> Figure:
    groups = [
        Range(
            one["slice"],
            one["metrics"][metric],
            one.get("intervals", {}).get(metric, {}).get("low"),
            one.get("intervals", {}).get(metric, {}).get("high"),
            f"{one['rows']:,}",
        )
        for one in slices
        if not one.get("too_few") and one["metrics"][metric] is not None
    ]
    groups.sort(key=lambda group: group.value)
    heading = f"{metric} by {division}"
    few = [one for one in slices if one.get("too_few")]
    without = len(slices) - len(few) - len(groups)
    words = ["The lowest first; on the right the number of rows."]
    if overall is not None:
        words.append(f"Dashed: all rows, {number(overall)}.")
    if len(groups) > _SLICES:
        words.append(f"{len(groups) - _SLICES} further slices lie higher.")
    if few:
        told = ", ".join(f"{one['slice']} ({plural(one['rows'], 'row')})" for one in few[:5])
        words.append(f"Too few rows to measure: {told}{', …' if len(few) > 5 else ''}.")
    if without:
        words.append(f"Without a value: {plural(without, 'slice')}.")
    if not groups:
        return Figure(heading, " ".join(words[1:]) or "No slice has a value.")
    shown = groups[:_SLICES]
    description = "; ".join(f"{group.label}: {number(group.value)}" for group in shown)
    chart = ranges(shown, overall, title=heading, description=description)
    return Figure(heading, " ".join(words), chart)


def _value(value: float | None) -> str:
    return "no value" if value is None else number(value)


def _interval(one: Mapping[str, Any]) -> str:
    if one["low"] is None or one["high"] is None:
        return "none"
    return f"{number(one['low'])} to {number(one['high'])}"
