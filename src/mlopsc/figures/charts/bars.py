"""Pairs of bars by label: the share of each label on two sides."""

from collections.abc import Sequence

from markupsafe import Markup

from mlopsc.figures.charts.svg import element, number

_WIDTH, _LEFT, _RIGHT = 380.0, 110.0, 52.0
_ROW, _BAR = 26.0, 8.0
_LETTERS = 15


def bars(
    labels: Sequence[str], before: Sequence[int], after: Sequence[int], *, title: str, description: str
) -> Markup:
    """Return a row for each label: the upper bar its share before, the lower one after."""
    sides = [(before, "s2"), (after, "s1")]
    totals = [sum(counts) or 1 for counts, _ in sides]
    most = (
        max(count / total for (counts, _), total in zip(sides, totals, strict=True) for count in counts)
        or 1.0
    )
    parts = [element("title", title), element("desc", description)]
    for row, label in enumerate(labels):
        y = row * _ROW + 6
        shown = label if len(label) <= _LETTERS else f"{label[: _LETTERS - 1]}…"
        parts.append(
            element("text", element("title", label), shown, x=_LEFT - 8, y=y + _BAR + 4, class_="tick end")
        )
        for side, (counts, kind) in enumerate(sides):
            share = counts[row] / totals[side]
            length = (_WIDTH - _LEFT - _RIGHT) * share / most
            top = y + side * (_BAR + 1)
            parts.append(
                element("rect", x=_LEFT, y=top, width=length, height=_BAR, rx=1.5, class_=f"bin {kind}")
            )
            parts.append(
                element("text", f"{share:.1%}", x=_LEFT + length + 5, y=top + _BAR, class_="tick tiny")
            )
    height = len(labels) * _ROW + 8
    return element(
        "svg", *parts, viewBox=f"0 0 {number(_WIDTH)} {number(height)}", class_="chart", role="img"
    )
