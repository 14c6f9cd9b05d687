"""A pipeline as Mermaid text, for pages that draw it: GitHub, GitLab, MkDocs."""

import re
from collections.abc import Mapping

from mlopsc.diagnostics.render_text import escape
from mlopsc.drawing.layout import Direction
from mlopsc.drawing.looks import look, look_name
from mlopsc.drawing.scene import Card, Shape, make_scene
from mlopsc.plan.plan import Pipeline

_BRACKETS: Mapping[Shape, tuple[str, str]] = {
    "observe": ("[(", ")]"),
    "pure": ("(", ")"),
    "gate": ("{{", "}}"),
    "effect": ("[[", "]]"),
    "verdict": ("([", "])"),
}
_DOUBTFUL = re.compile(r"^[^\w]|[^\w .,:/=@()+-]|\.(?=\s|$)|://", re.ASCII)
"""Marks that mean something to somebody, those at a line's beginning (lists), and what looks like an address."""


def mermaid(
    pipeline: Pipeline,
    statuses: Mapping[str, str] | None = None,
    *,
    direction: Direction = "down",
    every_arrow: bool = False,
) -> str:
    """Return a pipeline as a Mermaid flowchart; arguments as for `svg`."""
    scene = make_scene(pipeline, statuses or {}, every_arrow=every_arrow)
    key = {card.name: f"s{number}" for number, card in enumerate(scene.cards)}
    lines = [f"flowchart {'TD' if direction == 'down' else 'LR'}"]
    lines += [f"    {key[card.name]}{_drawn(card)}" for card in scene.cards if card.group is None]
    for number, group in enumerate(scene.groups):
        lines.append(f"    subgraph g{number} [{_quoted(group)}]")
        lines += [f"        {key[card.name]}{_drawn(card)}" for card in scene.cards if card.group == group]
        lines.append("    end")
    lines += [f"    {key[start]} --> {key[end]}" for start, end in scene.arrows]
    for status in scene.statuses:
        one, name = look(status), look_name(status)
        dashes = ",stroke-dasharray:5 3" if one.dashed else ""
        members = ",".join(key[card.name] for card in scene.cards if card.status == status)
        lines.append(f"    classDef is_{name} fill:{one.tint},stroke:{one.strong},color:#0f172a{dashes}")
        lines.append(f"    class {members} is_{name}")
    return "\n".join(lines) + "\n"


def _drawn(card: Card) -> str:
    texts = [escape(card.name), card.caption, card.status]
    text = "<br/>".join(_escaped(one) for one in texts if one)
    opening, closing = _BRACKETS[card.shape]
    return f'{opening}"{text}"{closing}'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Return text of which Mermaid, its Markdown and its HTML see every mark as itself: doubtful ones as `#code;`."""
    plain = _DOUBTFUL.sub(lambda found: "".join(f"#{ord(one)};" for one in found[0]), text)
    return plain or " "
