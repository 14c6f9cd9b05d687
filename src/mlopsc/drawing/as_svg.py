"""A pipeline as one SVG element: it stands alone or in a page, follows the reader's theme, and can be read aloud."""

from collections.abc import Mapping
from typing import Literal
from xml.sax.saxutils import escape as xml
from xml.sax.saxutils import quoteattr

from mlopsc.diagnostics.render_text import escape
from mlopsc.drawing.layers import Point
from mlopsc.drawing.layout import LABEL, PAD, Direction, Rect, lay_out, suited
from mlopsc.drawing.looks import look, look_name
from mlopsc.drawing.scene import SHAPES, Card, Scene, Shape, make_scene
from mlopsc.drawing.shapes import TOP, inset, outline
from mlopsc.drawing.style import stylesheet
from mlopsc.figures.charts.letters import text_width, wrapped
from mlopsc.plan.plan import Pipeline

Theme = Literal["auto", "light", "dark"]

_MARGIN = 24.0
_NAME, _CAPTION, _HEADING, _SMALL = 13.0, 11.0, 17.0, 11.5
_LINE = 16.0
_BADGE = 9.0
_NAME_LETTERS = 26
_LEAST = 96.0


def svg(
    pipeline: Pipeline,
    statuses: Mapping[str, str] | None = None,
    *,
    direction: Direction | None = None,
    theme: Theme = "auto",
    heading: bool = True,
    every_arrow: bool = False,
) -> str:
    """Return a pipeline as the text of an `<svg>` element, the same for the same pipeline, to the byte.

    `statuses` are words such as `run`, `cached` or `failed` by step, as a run's summary or the journal has them. The
    steps of a training stand in its box. Arrows that others imply are left out, unless `every_arrow` is asked for.
    Without a direction the one is taken that suits a page; with the theme `auto` a reader who prefers a dark one gets
    it.
    """
    scene = make_scene(pipeline, statuses or {}, every_arrow=every_arrow)
    sizes = {card.name: _size(card) for card in scene.cards}
    labels = {group: text_width(group, _SMALL, bold=True) + 2 for group in scene.groups}
    layout = lay_out(scene, sizes, labels, direction) if direction else suited(scene, sizes, labels)
    top = _MARGIN + (48.0 if heading else 0.0)
    heading_width = max(text_width(scene.name, _HEADING, bold=True), text_width(scene.title, _SMALL))
    inner = max(layout.width, 360.0, heading_width if heading else 0.0)
    legend, legend_height = _legend(scene, inner)
    width, left = inner + 2 * _MARGIN, _MARGIN + (inner - layout.width) / 2
    bottom = top + layout.height + 28.0
    height = bottom + legend_height + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}"'
        f' height="{_n(height)}" class="mlopsc-graph" role="img" style="max-width:100%;height:auto">',
        f"<title>{xml(scene.name)}</title>",
        f"<desc>{xml(_description(scene))}</desc>",
        f"<style>{stylesheet(scene.statuses, theme)}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}" rx="12"/>',
    ]
    if heading:
        parts += [
            _text(_MARGIN, _MARGIN + 13, scene.name, "heading"),
            _text(_MARGIN, _MARGIN + 32, scene.title, "caption"),
        ]
    parts.append(f'<g transform="translate({_n(left)} {_n(top)})">')
    parts += [_box(group, rect) for group, rect in layout.boxes.items()]
    parts += [_arrow(points, layout.direction) for points in layout.routes.values()]
    parts += [_card(card, layout.cards[card.name]) for card in scene.cards]
    parts += ["</g>", f'<g transform="translate({_n(_MARGIN)} {_n(bottom)})">', *legend, "</g>", "</svg>"]
    return "\n".join(parts) + "\n"


def _size(card: Card) -> Point:
    lines = wrapped(escape(card.name), _NAME_LETTERS)
    texts = [text_width(line, _NAME, bold=True) for line in lines]
    texts.append(text_width(card.caption, _CAPTION))
    side, above = inset(card.shape), TOP if card.shape == "observe" else 0.0
    badge = 2 * _BADGE + 8 if card.status else 0.0
    height = _LINE * (len(lines) + bool(card.caption)) + 18 + above
    return max(_LEAST, max(texts) + badge + 2 * side), height


def _card(card: Card, rect: Rect) -> str:
    lines = wrapped(escape(card.name), _NAME_LETTERS)
    above = TOP if card.shape == "observe" else 0.0
    state = "" if card.status is None else f" is-{look_name(card.status)}"
    x, y = rect.x + inset(card.shape), rect.y + above + 9 + 12
    parts = [f'<g class="step{state}">', f"<title>{xml(card.about)}</title>"]
    parts += [f'<path class="{kind}" d="{path}"/>' for kind, path in outline(card.shape, rect)]
    if card.status is not None:
        parts.append(_badge(card.status, x + _BADGE, rect.y + above / 2 + rect.height / 2))
        x += 2 * _BADGE + 8
    for number, line in enumerate(lines):
        parts.append(_text(x, y + number * _LINE, line, "name"))
    if card.caption:
        parts.append(_text(x, y + len(lines) * _LINE, card.caption, "caption"))
    return "".join([*parts, "</g>"])


def _badge(status: str, x: float, y: float) -> str:
    return (
        f'<g class="badge is-{look_name(status)}" transform="translate({_n(x)} {_n(y)})">'
        f'<circle r="{_n(_BADGE)}"/><path d="{look(status).sign}"/></g>'
    )


def _box(group: str, rect: Rect) -> str:
    return (
        f'<g class="box"><rect x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}"'
        f' height="{_n(rect.height)}" rx="14"/>{_text(rect.x + PAD, rect.y + LABEL - 2, group, "label")}</g>'
    )


def _arrow(points: tuple[Point, ...], direction: Direction) -> str:
    down = direction == "down"
    (x, y), *rest = points
    path = [f"M{_n(x)} {_n(y)}"]
    for to_x, to_y in rest:
        if abs(to_x - x) < 0.05 or abs(to_y - y) < 0.05:
            path.append(f"L{_n(to_x)} {_n(to_y)}")
        elif down:
            middle = (y + to_y) / 2
            path.append(f"C{_n(x)} {_n(middle)} {_n(to_x)} {_n(middle)} {_n(to_x)} {_n(to_y)}")
        else:
            middle = (x + to_x) / 2
            path.append(f"C{_n(middle)} {_n(y)} {_n(middle)} {_n(to_y)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x, to_y
    head = (
        f"M{_n(x - 4)} {_n(y - 8)} L{_n(x)} {_n(y - 1)} L{_n(x + 4)} {_n(y - 8)} Z"
        if down
        else f"M{_n(x - 8)} {_n(y - 4)} L{_n(x - 1)} {_n(y)} L{_n(x - 8)} {_n(y + 4)} Z"
    )
    return f'<path class="arrow" d="{" ".join(path)}"/><path class="head" d="{head}"/>'


def _legend(scene: Scene, width: float) -> tuple[list[str], float]:
    """Return the legend's elements and its height: shapes, then statuses, in lines of at most this width."""
    parts: list[str] = []
    at, line = 0.0, 0
    entries: list[tuple[Shape | None, str]] = [(shape, SHAPES[shape]) for shape in scene.shapes]
    entries += [(None, status) for status in scene.statuses]
    for shape, word in entries:
        takes = (34.0 if shape else 26.0) + text_width(word, _SMALL) + 18
        if at and at + takes > width:
            at, line = 0.0, line + 1
        y = line * 26.0
        if shape:
            paths = outline(shape, Rect(at, y - 8, 26, 16), small=True)
            parts += [f'<path class="{kind}" d="{path}"/>' for kind, path in paths]
            parts.append(_text(at + 34, y + 4, word, "small"))
        else:
            parts += [_badge(word, at + _BADGE, y), _text(at + 26, y + 4, word, "small")]
        at += takes
    return parts, line * 26.0 + 10.0


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" class={quoteattr(kind)}>{xml(text)}</text>'


def _description(scene: Scene) -> str:
    """Return the picture in words, for those who do not see it."""
    needs: dict[str, list[str]] = {card.name: [] for card in scene.cards}
    for start, end in scene.arrows:
        needs[end].append(escape(start))
    lines = [f"{scene.title}."] if scene.title else []
    for card in scene.cards:
        after = f", after {', '.join(needs[card.name])}" if needs[card.name] else ""
        status = f", {card.status}" if card.status else ""
        lines.append(f"{escape(card.name)} {SHAPES[card.shape]}{after}{status}.")
    return " ".join(lines)


def _n(number: float) -> str:
    """Return a coordinate with at most one decimal."""
    return (
        f"{number:.1f}".removesuffix(".0").replace("-0", "0")
        if abs(number) < 0.05
        else f"{number:.1f}".removesuffix(".0")
    )
