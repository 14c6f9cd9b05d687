"""What a figure is: a chart with all that is said around it."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Key:
    """An entry of a figure's key: the look of a line or area, and what it is."""

    kind: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A chart with its heading and a caption; without a chart the caption says why there is none."""

    heading: str
    caption: str
    chart: Markup | None = None
    keys: tuple[Key, ...] = ()
