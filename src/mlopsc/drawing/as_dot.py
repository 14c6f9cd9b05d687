"""A pipeline as DOT text, for Graphviz and whatever reads its language."""

from collections.abc import Mapping

from mlopsc.diagnostics.render_text import escape
from mlopsc.drawing.layout import Direction
from mlopsc.drawing.looks import look
from mlopsc.drawing.scene import Card, Shape, make_scene
from mlopsc.plan.plan import Pipeline

_SHAPES: Mapping[Shape, str] = {
    "observe": 'shape=cylinder, style="filled"',
    "pure": 'shape=box, style="filled,rounded"',
    "gate": 'shape=hexagon, style="filled"',
    "effect": 'shape=box, peripheries=2, style="filled"',
    "verdict": 'shape=oval, style="filled"',
}


def dot(
    pipeline: Pipeline,
    statuses: Mapping[str, str] | None = None,
    *,
    direction: Direction = "down",
    every_arrow: bool = False,
) -> str:
    """Return a pipeline as a DOT digraph; arguments as for `svg`."""
    scene = make_scene(pipeline, statuses or {}, every_arrow=every_arrow)
    rank = "TB" if direction == "down" else "LR"
    lines = [
        f"digraph {_quoted(scene.name)} {{",
        f"    graph [rankdir={rank}, fontname=Helvetica, label={_quoted(scene.title)}];",
        '    node [fontname=Helvetica, fontsize=11, color="#64748b", fillcolor=white];',
        '    edge [color="#7c8aa0", arrowsize=0.7];',
    ]
    lines += [f"    {_drawn(card)}" for card in scene.cards if card.group is None]
    for number, group in enumerate(scene.groups):
        lines.append(f"    subgraph cluster_{number} {{")
        lines.append(
            f'        graph [label={_quoted(group)}, style="rounded,filled", fillcolor="#f6f8fb", color="#cbd5e1"];'
        )
        lines += [f"        {_drawn(card)}" for card in scene.cards if card.group == group]
        lines.append("    }")
    lines += [f"    {_quoted(start)} -> {_quoted(end)};" for start, end in scene.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def _drawn(card: Card) -> str:
    texts = [escape(card.name), card.caption, card.status]
    label = "\\n".join(_escaped(one) for one in texts if one)
    parts = [f'label="{label}"', _SHAPES[card.shape]]
    if card.status:
        one = look(card.status)
        parts.append(f'fillcolor="{one.tint}", color="{one.strong}"')
    return f"{_quoted(card.name)} [{', '.join(parts)}];"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Return text that DOT takes for itself: no end of string, no escape such as `\\N`, no entity such as `&amp;`."""
    return escape(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
