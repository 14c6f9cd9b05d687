"""The looks of charts: rules that name colours, and the palette that gives them, light and dark."""

import re
from importlib import resources

_COLOUR = re.compile(r"--([\w-]+):\s*([^;]+);")
_NAMED = re.compile(r"var\(--([\w-]+)\)")


def palette() -> str:
    """Return the colours as CSS variables, those of a dark page for readers who prefer it."""
    return _file("palette.css")


def rules() -> str:
    """Return the rules of what is in a chart, with the palette's variables."""
    return _file("rules.css")


def light(css: str) -> str:
    """Return rules with a light page's colours in place of variables, which not all that shows pictures knows."""
    colours = dict(_COLOUR.findall(palette().partition("@media")[0]))
    return _NAMED.sub(lambda named: colours[named[1]], css)


def _file(name: str) -> str:
    return resources.files("mlopsc.figures").joinpath("charts", name).read_text(encoding="utf-8")
