"""Ranges: a value for each group of rows as a dot, its interval as a line, beside the value of all rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mlopsc.figures.charts.scale import Scale, labels, span, ticks
from mlopsc.figures.charts.svg import element, number, path

_WIDTH, _LEFT, _RIGHT = 420.0, 132.0, 62.0
_ROW = 22.0
_LETTERS = 19


@dataclass(frozen=True)
class Range:
    """A group of rows: its value, and between what it may lie."""

    label: str
    value: float
    low: float | None
    high: float | None
    count: str


def ranges(groups: Sequence[Range], overall: float | None, *, title: str, description: str) -> Markup:
    """Return a row for each group; a dashed line marks the value of all rows."""
    values = [group.value for group in groups] + ([] if overall is None else [overall])
    values += [end for group in groups for end in (group.low, group.high) if end is not None]
    low, high = span(values)
    room = (high - low) * 0.06
    at = Scale(low - room, high + room, _LEFT, _WIDTH - _RIGHT)
    bottom = len(groups) * _ROW + 6
    parts = [element("title", title), element("desc", description)]
    shown = ticks(low - room, high + room, 4)
    for value, text in zip(shown, labels(shown), strict=True):
        parts.append(element("line", x1=at(value), x2=at(value), y1=2, y2=bottom, class_="grid"))
        parts.append(element("text", text, x=at(value), y=bottom + 14, class_="tick middle"))
    if overall is not None:
        parts.append(element("path", d=path([(at(overall), 2), (at(overall), bottom)]), class_="line aside"))
    for row, group in enumerate(groups):
        y = row * _ROW + 15
        name = group.label if len(group.label) <= _LETTERS else f"{group.label[: _LETTERS - 1]}…"
        parts.append(
            element("text", element("title", group.label), name, x=_LEFT - 10, y=y + 4, class_="tick end")
        )
        if group.low is not None and group.high is not None:
            parts.append(
                element("path", d=path([(at(group.low), y), (at(group.high), y)]), class_="line whisker s1")
            )
        parts.append(element("circle", cx=at(group.value), cy=y, r=4.5, class_="dot s1"))
        parts.append(element("text", group.count, x=_WIDTH, y=y + 4, class_="tick end"))
    height = bottom + 20
    return element(
        "svg", *parts, viewBox=f"0 0 {number(_WIDTH)} {number(height)}", class_="chart", role="img"
    )
