"""Figures of the same numbers by slice: which rows a model serves worst."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.figures.charts.ranges import Range, ranges
from mlopsc.figures.figure import Figure
from mlopsc.vocabulary.words import number, plural

_SLICES, _METRICS = 20, 4
"""A figure shows at most so many slices; a division has at most so many figures."""


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
