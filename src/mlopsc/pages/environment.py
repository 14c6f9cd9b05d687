"""The templates of pages, in which every value is escaped."""

from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup

from mlopsc.figures.charts.style import palette, rules
from mlopsc.figures.charts.svg import visible

_WORD = 24
"""Letters of the longest word that a cell is made wide for."""


def template(name: str) -> jinja2.Template:
    """Return a template by its file's name."""
    return _environment().get_template(name)


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        undefined=jinja2.StrictUndefined,
        finalize=visible,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["long"] = _long
    made.globals["style"] = Markup(f"{palette()}{rules()}{_source('style.css')}")  # noqa: S704  # our own files
    return made


def _long(text: str) -> bool:
    """Whether a text has a word, a digest or a path, that no cell of a table has room for in one line."""
    return max(map(len, text.split()), default=0) > _WORD


def _source(name: str) -> str:
    return resources.files("mlopsc.pages").joinpath("templates", name).read_text(encoding="utf-8")
