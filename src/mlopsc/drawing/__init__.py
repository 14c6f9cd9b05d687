"""A pipeline as a picture: SVG, Mermaid, DOT; deterministic, and safe against whatever stands in names."""

from mlopsc.drawing.as_dot import dot
from mlopsc.drawing.as_mermaid import mermaid
from mlopsc.drawing.as_svg import svg

__all__ = ["dot", "mermaid", "svg"]
