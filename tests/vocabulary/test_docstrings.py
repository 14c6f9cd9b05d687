"""Texts below fields are read from the source, and describe the fields of a JSON Schema."""

from typing import Any

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.docstrings import field_docstrings


class Below(Frozen):
    """A model."""

    first: int
    """The first,
    on two lines."""
    second: int = 2
    third: Any = None
    """The third."""


class Deeper(Below):
    """One that derives from it."""

    third: Any = 3
    """Another third."""
    fourth: int = 4
    """The fourth."""


def test_a_field_has_the_text_that_follows_it() -> None:
    own = {name: text for name, text in field_docstrings(Below).items() if name in Below.model_fields}
    assert own == {"first": "The first,\non two lines.", "third": "The third."}


def test_a_class_has_the_texts_of_those_that_it_derives_from() -> None:
    found = field_docstrings(Deeper)
    assert (found["first"], found["third"], found["fourth"]) == (
        "The first,\non two lines.",
        "Another third.",
        "The fourth.",
    )


def test_a_class_without_source_has_none() -> None:
    assert field_docstrings(type("Made", (), {})) == {}


def test_a_schema_describes_the_fields() -> None:
    fields = Deeper.model_json_schema()["properties"]
    assert fields["fourth"]["description"] == "The fourth."
    assert "description" not in fields["second"]
