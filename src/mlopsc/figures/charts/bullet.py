"""A bullet: an observed value beside the bounds that it must keep, on one short axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mlopsc.figures.charts.scale import Scale, labels, span, ticks
from mlopsc.figures.charts.svg import element, number, path

_WIDTH, _HEIGHT, _SIDE = 300.0, 46.0, 14.0


@dataclass(frozen=True)
class Bound:
    """A value that divides what is allowed from what is not."""

    value: float
    lower: bool
    """Whether it is the least allowed value; else the greatest."""


def bullet(
    observed: float, bounds: Sequence[Bound], *, compared: float | None = None, kept: bool, description: str
) -> Markup:
    """Return a diamond at the observed value and a ring at the compared one; the allowed part of the axis is tinted."""
    values = [observed, *(bound.value for bound in bounds), *([] if compared is None else [compared])]
    low, high = span(values)
    room = (high - low) * 0.25
    low, high = low - room, high + room
    at = Scale(low, high, _SIDE, _WIDTH - _SIDE)
    start = max((at(bound.value) for bound in bounds if bound.lower), default=_SIDE)
    end = min((at(bound.value) for bound in bounds if not bound.lower), default=_WIDTH - _SIDE)
    parts = [element("title", "observed value and threshold"), element("desc", description)]
    parts.append(element("rect", x=_SIDE, y=10, width=_WIDTH - 2 * _SIDE, height=10, rx=2, class_="track"))
    if end > start:
        parts.append(element("rect", x=start, y=10, width=end - start, height=10, class_="allowed"))
    for bound in bounds:
        x = at(bound.value)
        parts.append(element("line", x1=x, x2=x, y1=5, y2=25, class_="bound"))
    if compared is not None:
        parts.append(element("circle", cx=at(compared), cy=15, r=5, class_="compared"))
    x = at(observed)
    diamond = path([(x, 7.5), (x + 6.5, 15), (x, 22.5), (x - 6.5, 15)], close=True)
    parts.append(element("path", d=diamond, class_=f"observed {'kept' if kept else 'broken'}"))
    shown = ticks(low, high, 4)
    for value, text in zip(shown, labels(shown), strict=True):
        parts.append(element("text", text, x=at(value), y=40, class_="tick middle"))
    return element(
        "svg", *parts, viewBox=f"0 0 {number(_WIDTH)} {number(_HEIGHT)}", class_="bullet", role="img"
    )
