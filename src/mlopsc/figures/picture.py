"""A figure as a picture that stands alone: one SVG with heading, chart, key and caption, for whoever shows images."""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from mlopsc.figures.charts.letters import text_width
from mlopsc.figures.charts.style import light, rules
from mlopsc.figures.charts.svg import element, number
from mlopsc.figures.figure import Figure, Key

_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_SIDE, _SWATCH, _GAP = 16.0, 22.0, 16.0
_HEADING, _TEXT, _LINE = 15.0, 11.5, 16.0
_RULES = f"""\
text {{ font-family: Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif; }}
.paper {{ fill: var(--paper); }}
.heading {{ font-size: {_HEADING}px; font-weight: 600; fill: var(--ink); }}
.caption {{ font-size: {_TEXT}px; fill: var(--dim); }}
.caption.key {{ fill: var(--ink); }}
"""
_SCALE = 2
"""Pixels of a unit: charts are drawn for a column of a page, and an image stands alone."""


def picture(figure: Figure) -> str:
    """Return the SVG, on light paper whatever surrounds it; raises ValueError for a figure without a chart."""
    if figure.chart is None:
        raise ValueError(f"{figure.heading} has no chart")
    size = _SIZE.search(figure.chart)
    assert size is not None  # every chart says how large it is
    width, height = float(size[1]), float(size[2])
    parts, top = [], _SIDE
    for line in wrapped(figure.heading, width, _HEADING):
        top += _HEADING + 3
        parts.append(element("text", line, x=_SIDE, y=top - 4, class_="heading"))
    top += 4
    at = f'<svg x="{number(_SIDE)}" y="{number(top)}" width="{size[1]}" height="{size[2]}" '
    parts.append(Markup(str(figure.chart).replace("<svg ", at, 1)))  # noqa: S704  # our own element, with a place
    top += height + 4
    for row in _rows(figure.keys, width):
        parts += _keys(row, top)
        top += _LINE
    top += 2
    for line in wrapped(figure.caption, width, _TEXT):
        parts.append(element("text", line, x=_SIDE, y=top + 11, class_="caption"))
        top += _LINE
    whole = width + 2 * _SIDE, top + _SIDE - 4
    return element(
        "svg", element("style", Markup(light(rules() + _RULES))),  # noqa: S704  # our own
        element("rect", width="100%", height="100%", class_="paper"), *parts,
        xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {number(whole[0])} {number(whole[1])}",
        width=_SCALE * whole[0], height=_SCALE * whole[1],
    )  # fmt: skip


def wrapped(text: str, width: float, size: float) -> Iterator[str]:
    """Yield a text in lines that fit into a width; a word that is wider by itself is divided."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size) <= width:
            line = longer
            continue
        if line:
            yield line
        while text_width(word, size) > width:
            letters = next(
                n for n in range(len(word), 0, -1) if n == 1 or text_width(word[:n], size) <= width
            )
            yield word[:letters]
            word = word[letters:]
        line = word
    if line:
        yield line


def _rows(keys: Sequence[Key], width: float) -> Iterator[list[tuple[float, Key]]]:
    """Yield rows of entries, each with where it begins."""
    row: list[tuple[float, Key]] = []
    at = 0.0
    for key in keys:
        wide = _SWATCH + 6 + text_width(key.text, _TEXT)
        if row and at + wide > width:
            yield row
            row, at = [], 0.0
        row.append((_SIDE + at, key))
        at += wide + _GAP
    if row:
        yield row


def _keys(row: Sequence[tuple[float, Key]], top: float) -> Iterator[Markup]:
    for left, key in row:
        line = element("path", d="M0 5L22 5", class_=key.kind)
        yield element(
            "svg", line, x=left, y=top + 3, width=_SWATCH, height=10, viewBox="0 0 22 10", class_="swatch"
        )
        yield element("text", key.text, x=left + _SWATCH + 6, y=top + 12, class_="caption key")
