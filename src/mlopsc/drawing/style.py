"""The style sheet of an SVG: literal colours only, since not every renderer knows variables; all under one class."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlopsc.drawing.looks import Look, look, look_name

FONT = "Inter,'Segoe UI','Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',sans-serif"


@dataclass(frozen=True)
class _Palette:
    paper: str
    box: str
    box_edge: str
    card: str
    edge: str
    arrow: str
    ink: str
    dim: str


_LIGHT = _Palette("#ffffff", "#f6f8fb", "#cbd5e1", "#ffffff", "#64748b", "#7c8aa0", "#0f172a", "#475569")
_DARK = _Palette("#0f172a", "#172238", "#334155", "#1e293b", "#94a3b8", "#8593a8", "#f1f5f9", "#b6c2d3")


def stylesheet(statuses: Sequence[str], theme: str) -> str:
    """Return the rules for what occurs, in the theme `light`, `dark`, or what the reader prefers (`auto`)."""
    looks = {look_name(status): look(status) for status in statuses}
    rules = [*_fixed(), *_coloured(_DARK if theme == "dark" else _LIGHT, looks, dark=theme == "dark")]
    if theme == "auto":
        dark = "".join(_scoped(_coloured(_DARK, looks, dark=True)))
        return f"{''.join(_scoped(rules))}@media (prefers-color-scheme: dark){{{dark}}}"
    return "".join(_scoped(rules))


def _scoped(rules: Iterator[str] | list[str]) -> list[str]:
    return [f".mlopsc-graph {rule}" for rule in rules]


def _fixed() -> Iterator[str]:
    yield f"text{{font-family:{FONT};stroke:none}}"
    yield ".heading{font-size:17px;font-weight:700}"
    yield ".name{font-size:13px;font-weight:600}"
    yield ".caption{font-size:11px}"
    yield ".small{font-size:11.5px}"
    yield ".label{font-size:11.5px;font-weight:600}"
    yield ".card{stroke-width:1.3;stroke-linejoin:round}"
    yield ".line{fill:none;stroke-width:1.3}"
    yield ".arrow{fill:none;stroke-width:1.4}"
    yield ".box rect{stroke-width:1}"
    yield ".badge circle{stroke:none}"
    yield ".badge path{fill:none;stroke:#fff;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}"


def _coloured(palette: _Palette, looks: dict[str, Look], *, dark: bool) -> Iterator[str]:
    yield f".paper{{fill:{palette.paper}}}"
    yield f".box rect{{fill:{palette.box};stroke:{palette.box_edge}}}"
    yield f".card{{fill:{palette.card};stroke:{palette.edge}}}"
    yield f".line{{stroke:{palette.edge}}}"
    yield f".arrow{{stroke:{palette.arrow}}}"
    yield f".head{{fill:{palette.arrow}}}"
    yield f".heading{{fill:{palette.ink}}}"
    yield f".name{{fill:{palette.ink}}}"
    for kind in ("caption", "small", "label"):
        yield f".{kind}{{fill:{palette.dim}}}"
    for name, one in looks.items():
        dashes = ";stroke-dasharray:5 3" if one.dashed else ""
        yield f".badge.is-{name} circle{{fill:{one.strong}}}"
        yield f".step.is-{name} .card{{fill:{one.shade if dark else one.tint};stroke:{one.strong}{dashes}}}"
        yield f".step.is-{name} .line{{stroke:{one.strong}}}"
