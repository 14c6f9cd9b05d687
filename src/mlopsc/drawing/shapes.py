"""Outlines of cards: the shape tells what kind of step it is."""

from mlopsc.drawing.layout import Rect
from mlopsc.drawing.scene import Shape

TOP = 8.0
"""What a cylinder's lid takes of its card."""
_INSETS: dict[Shape, float] = {"observe": 14.0, "pure": 14.0, "gate": 24.0, "effect": 20.0, "verdict": 22.0}


def inset(shape: Shape) -> float:
    """Return how far text stays off the left and right sides."""
    return _INSETS[shape]


def outline(shape: Shape, rect: Rect, *, small: bool = False) -> tuple[tuple[str, str], ...]:
    """Return the paths that draw a shape, as (class, path data): `card` is filled, `line` is not."""
    match shape:
        case "observe":
            return _cylinder(rect, 3.0 if small else TOP - 2)
        case "pure":
            return (("card", _rounded(rect, 3.0 if small else 8.0)),)
        case "gate":
            return (("card", _hexagon(rect, 6.0 if small else 14.0)),)
        case "effect":
            return _barred(rect, 4.0 if small else 8.0)
        case "verdict":
            return (("card", _rounded(rect, rect.height / 2)),)


def _rounded(rect: Rect, radius: float) -> str:
    r = min(radius, rect.height / 2, rect.width / 2)
    left, top, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    turn = f"A{r:g} {r:g} 0 0 1"
    return (
        f"M{left + r:.1f} {top:.1f} H{right - r:.1f} {turn} {right:.1f} {top + r:.1f} V{bottom - r:.1f}"
        f" {turn} {right - r:.1f} {bottom:.1f} H{left + r:.1f} {turn} {left:.1f} {bottom - r:.1f}"
        f" V{top + r:.1f} {turn} {left + r:.1f} {top:.1f} Z"
    )


def _hexagon(rect: Rect, point: float) -> str:
    left, right, middle = rect.x, rect.x + rect.width, rect.y + rect.height / 2
    return (
        f"M{left + point:.1f} {rect.y:.1f} H{right - point:.1f} L{right:.1f} {middle:.1f}"
        f" L{right - point:.1f} {rect.y + rect.height:.1f} H{left + point:.1f} L{left:.1f} {middle:.1f} Z"
    )


def _cylinder(rect: Rect, lid: float) -> tuple[tuple[str, str], ...]:
    left, right, bottom = rect.x, rect.x + rect.width, rect.y + rect.height - lid
    half = rect.width / 2
    body = (
        f"M{left:.1f} {rect.y + lid:.1f} A{half:.1f} {lid:g} 0 0 1 {right:.1f} {rect.y + lid:.1f} V{bottom:.1f}"
        f" A{half:.1f} {lid:g} 0 0 1 {left:.1f} {bottom:.1f} Z"
    )
    rim = f"M{left:.1f} {rect.y + lid:.1f} A{half:.1f} {lid:g} 0 0 0 {right:.1f} {rect.y + lid:.1f}"
    return ("card", body), ("line", rim)


def _barred(rect: Rect, bar: float) -> tuple[tuple[str, str], ...]:
    top, bottom = rect.y, rect.y + rect.height
    bars = f"M{rect.x + bar:.1f} {top:.1f} V{bottom:.1f} M{rect.x + rect.width - bar:.1f} {top:.1f} V{bottom:.1f}"
    return ("card", _rounded(rect, 2.0)), ("line", bars)
