"""What is drawn, whatever the format: steps with their shapes, statuses and boxes, and the arrows between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlopsc.diagnostics.render_text import escape
from mlopsc.drawing.captions import caption
from mlopsc.plan.fans import collapsed, collapsed_statuses
from mlopsc.plan.graph import needed
from mlopsc.plan.plan import Pipeline, Step
from mlopsc.vocabulary.operations import JUDGES

Shape = Literal["observe", "pure", "gate", "effect", "verdict"]
Arrow = tuple[str, str]
"""From a step to one that needs it."""

SHAPES: Mapping[Shape, str] = {
    "observe": "looks at the world",
    "pure": "computes",
    "gate": "judges",
    "effect": "changes the registry",
    "verdict": "gives the verdict",
}
"""What each shape means, in the order of a legend."""

_CAPTION = 34
"""A caption's characters at most; a longer one is cut in its middle."""


@dataclass(frozen=True)
class Card:
    """A step as it is drawn; the texts hold no control characters, but for its name."""

    name: str
    caption: str
    shape: Shape
    group: str | None
    """The training whose box it stands in."""
    status: str | None
    about: str
    """All that there is to say of it, for those who point at it or hear it read."""


@dataclass(frozen=True)
class Scene:
    """A whole picture."""

    name: str
    title: str
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[str, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes that occur, in the order of a legend."""
        present = {card.shape for card in self.cards}
        return tuple(shape for shape in SHAPES if shape in present)

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that occur, in the order of the steps."""
        return tuple(dict.fromkeys(card.status for card in self.cards if card.status))


def make_scene(pipeline: Pipeline, statuses: Mapping[str, str], *, every_arrow: bool = False) -> Scene:
    """Return the picture of a pipeline; `statuses` are words by step. A fan-out is one card.

    An arrow that others imply is left out unless `every_arrow` is asked for: what comes before what stays the same.
    """
    steps, told = collapsed(pipeline.steps), collapsed_statuses(pipeline.steps, statuses)
    groups = _groups(steps)
    cards = tuple(_card(step, groups.get(step.name), told.get(step.name)) for step in steps)
    arrows = dict.fromkeys((need, step.name) for step in steps for need in dict.fromkeys(needed(step)))
    return Scene(
        name=escape(pipeline.name),
        title=escape(pipeline.title),
        cards=cards,
        arrows=tuple(arrows) if every_arrow else without_implied(steps),
        groups=tuple(dict.fromkeys(card.group for card in cards if card.group)),
    )


def without_implied(steps: Sequence[Step]) -> tuple[Arrow, ...]:
    """Return the arrows that no longer way implies (the transitive reduction); steps come after what they need."""
    bit = {step.name: 1 << number for number, step in enumerate(steps)}
    behind: dict[str, int] = {}
    """All that a step needs, directly or not, one bit each."""
    kept: list[Arrow] = []
    for step in steps:
        needs = dict.fromkeys(needed(step))
        implied = 0
        for need in needs:
            implied |= behind[need]
        kept += [(need, step.name) for need in needs if not bit[need] & implied]
        behind[step.name] = implied | sum(bit[need] for need in needs)
    return tuple(kept)


def _card(step: Step, group: str | None, status: str | None) -> Card:
    said = escape(caption(step))
    words = [step.operation.replace("_", " "), *([said] if said else []), *([status] if status else [])]
    return Card(
        name=step.name,
        caption=_cut(said),
        shape=_shape(step),
        group=None if group is None else escape(group),
        status=None if status is None else escape(status),
        about=escape(f"{step.name}: {', '.join(words)} ({step.source.file}:{step.source.line})"),
    )


def _shape(step: Step) -> Shape:
    if step.operation == "verdict":
        return "verdict"
    return "gate" if step.operation.startswith(JUDGES) else step.kind


def _groups(steps: Sequence[Step]) -> dict[str, str]:
    """Return step → training, for what belongs to a training that is trained here."""
    trained = {step.configuration["training"] for step in steps if step.operation == "train"}
    found: dict[str, str] = {}
    for step in steps:
        gate = step.configuration.get("gate")
        named = step.configuration.get("training") or (
            gate.get("training") if isinstance(gate, dict) else None
        )
        if named in trained:
            found[step.name] = str(named)
    readers: dict[str, set[str | None]] = {}
    for step in steps:
        for need in needed(step):
            readers.setdefault(need, set()).add(found.get(step.name))
    for step in steps:
        if step.operation == "resolve_champion" and len(only := readers.get(step.name, set())) == 1:
            (training,) = only
            if training is not None:
                found[step.name] = training
    return found


def _cut(text: str) -> str:
    if len(text) <= _CAPTION:
        return text
    half = (_CAPTION - 1) // 2
    return f"{text[: _CAPTION - 1 - half]}…{text[-half:]}"
