"""What people declared of a model, under the headings that a card has for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEADINGS = {
    "contacts": "Contacts",
    "licence": "Licence",
    "references": "References",
    "intended_use": "Intended use",
    "intended_users": "Intended users",
    "out_of_scope": "Out of scope",
    "affected": "Persons and groups concerned",
    "human_oversight": "Human oversight",
    "data": "Origin of the data",
    "limitations": "Limitations",
    "risks": "Risks",
    "ethical_considerations": "Ethical considerations",
}
"""Keys of what the spec says of a model (`mlopsc.vocabulary.card.Card`), in the order of a card."""


@dataclass(frozen=True)
class Declared:
    """What somebody declared under a heading; None where nobody did."""

    heading: str
    texts: tuple[str, ...] | None


def declared(said: Mapping[str, Any], *keys: str) -> tuple[Declared, ...]:
    """Return what was said under these keys."""
    found = []
    for key in keys:
        value = said.get(key)
        texts = (value,) if isinstance(value, str) else tuple(value or ()) or None
        found.append(Declared(HEADINGS[key], texts))
    return tuple(found)
