"""Data as YAML that every reader takes for the same: Python's, Go's of either generation, YAML 1.1 and 1.2.

Readers disagree about plain words (`y`, `1e3`, `0o17`): a text that is not plainly a text is quoted.
"""

import re
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z_/][\w ./@+()'-]*(:[\w./@+()'-]+)*", re.ASCII)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"})


def yaml_text(document: Any) -> str:
    """Return a document of maps, lists and scalars as block YAML, in its own order, nothing invisible in it."""
    text = _dumped(document, letters=True)
    return text if text.replace("\n", "").isprintable() else _dumped(document, letters=False)


def _dumped(document: Any, *, letters: bool) -> str:
    """Return YAML in which letters of every script stand for themselves, or are escapes like all that is not ASCII."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=letters, width=100)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes lists inside maps indented, and no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _represent_text)
