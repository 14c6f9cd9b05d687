"""Texts in Markdown: written so that they are read as text, never as markup."""

import re

from mlopsc.figures.charts.svg import visible

_SPECIAL = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#>+=-](?=[\s#>+=-]|$)")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_ENTITIES = {"&": "&amp;", "<": "&lt;"}


def plain(text: str) -> str:
    """Return a text on one line, in which nothing is markup."""
    line = " ".join(str(visible(text)).split())
    escaped = _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(lambda found: f"\\{found.group()}", line))
    return "".join(_ENTITIES.get(letter, letter) for letter in escaped)
