"""An SVG as PNG bytes, by resvg: a renderer in one wheel, without a browser and without system libraries."""

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.drawing.style import FONT

_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">'
    f'<text x="2" y="16" font-family="{FONT}" font-size="16">{{}}</text></svg>'
)


def png(svg: str, *, scale: float = 2.0) -> bytes:
    """Return an SVG of `mlopsc.drawing.svg` as a PNG, `scale` pixels for each of its units.

    Dark themes of `auto` are not seen: ask for the theme when the SVG is made. Raises MlopscError when resvg is not
    installed, and when the machine has no font to write with.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise MlopscError("drawing a PNG needs resvg", help="pip install 'mlopsc[png]'") from None
    if svg_to_bytes(svg_string=_PROBE.format("M")) == svg_to_bytes(svg_string=_PROBE.format(" ")):
        raise MlopscError(
            "drawing a PNG needs a font, and this machine has none",
            help="install one, such as Debian's fonts-dejavu-core; an SVG needs none: `--out graph.svg`",
        )
    return bytes(svg_to_bytes(svg_string=svg, zoom=scale))
