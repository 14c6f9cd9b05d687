"""SVG elements as safe text: what is written between tags or in attributes is escaped here, once."""

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

from mlopsc.diagnostics.render_text import escape as written_out


def element(name: str, /, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """Return an element; `_` in an attribute's name stands for `-`, a trailing one is dropped; None leaves it out."""
    parts = [
        Markup(' {}="{}"').format(
            _attribute(key), number(value) if isinstance(value, int | float) else visible(value)
        )
        for key, value in attributes.items()
        if value is not None
    ]
    inside = Markup("").join(escape(visible(child)) for child in children)
    return Markup("<{name}{attributes}>{inside}</{name}>").format(
        name=name, attributes=Markup("").join(parts), inside=inside
    )


def visible(value: Any) -> Any:
    """Return a text with control and bidirectional characters written out; markup and line breaks stay."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(written_out(line) for line in value.split("\n"))
    return value


def path(points: Iterable[tuple[float, float]], *, close: bool = False) -> str:
    """Return the data of a path through points."""
    steps = [f"{number(x)} {number(y)}" for x, y in points]
    return ("M" + "L".join(steps) if steps else "") + ("Z" if close else "")


def number(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _attribute(key: str) -> str:
    return key.removesuffix("_").replace("_", "-") if key != "viewBox" else key
