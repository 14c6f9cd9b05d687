"""The frame of a chart: axes with round numbers, grid, axis titles, and what is drawn within."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from mlopsc.figures.charts.scale import Scale, labels, ticks
from mlopsc.figures.charts.svg import element, number, path

WIDTH, HEIGHT = 380.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 12.0, 44.0


@dataclass
class Frame:
    """A chart in the making: `x` and `y` are ranges of values; marks are added in the order of painting."""

    title: str
    description: str
    """What it shows, in words, for those who do not see it."""
    x: tuple[float, float]
    y: tuple[float, float]
    x_title: str
    y_title: str
    x_ticks: Sequence[tuple[float, str]] | None = None
    """Values and their texts; round numbers by default."""
    counts: bool = False
    """Whether y counts: then its ticks are whole numbers."""
    marks: list[Markup] = field(default_factory=list)

    @property
    def across(self) -> Scale:
        """From values of x to coordinates."""
        return Scale(*self.x, _LEFT, WIDTH - _RIGHT)

    @property
    def up(self) -> Scale:
        """From values of y to coordinates."""
        return Scale(*self.y, HEIGHT - _BOTTOM, _TOP)

    def line(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> None:
        """Draw a line through points."""
        across, up = self.across, self.up
        points = ((across(x), up(y)) for x, y in zip(xs, ys, strict=True))
        self.marks.append(element("path", d=path(points), class_=f"line {kind}"))

    def area(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], kind: str) -> None:
        """Fill what lies between two lines."""
        across, up = self.across, self.up
        there = [(across(x), up(y)) for x, y in zip(xs, highs, strict=True)]
        back = [(across(x), up(y)) for x, y in zip(xs, lows, strict=True)][::-1]
        self.marks.append(element("path", d=path(there + back, close=True), class_=f"area {kind}"))

    def dots(self, xs: Sequence[float], ys: Sequence[float], kind: str, radius: float = 3.0) -> None:
        """Draw a dot for each point."""
        across, up = self.across, self.up
        for x, y in zip(xs, ys, strict=True):
            self.marks.append(element("circle", cx=across(x), cy=up(y), r=radius, class_=f"dot {kind}"))

    def box(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        kind: str,
        *,
        opacity: float | None = None,
        tip: str = "",
    ) -> None:
        """Fill a rectangle between values; `tip` appears when a pointer rests on it."""
        left, right = sorted(map(self.across, x))
        top, bottom = sorted(map(self.up, y))
        self.marks.append(
            element(
                "rect",
                element("title", tip) if tip else "",
                x=left,
                y=top,
                width=right - left,
                height=max(bottom - top, 0),
                class_=kind,
                fill_opacity=opacity,
            )
        )

    def histogram(self, edges: Sequence[float], heights: Sequence[float], kind: str) -> None:
        """Draw a filled histogram over bins between edges."""
        xs = [edge for edge in edges for _ in range(2)][1:-1]
        ys = [height for height in heights for _ in range(2)]
        self.area(xs, [0.0] * len(xs), ys, kind)
        self.line([edges[0], *xs, edges[-1]], [0.0, *ys, 0.0], kind)

    def svg(self) -> Markup:
        """Return the chart."""
        parts = [element("title", self.title), element("desc", self.description), *self._axes(), *self.marks]
        return element(
            "svg", *parts, viewBox=f"0 0 {number(WIDTH)} {number(HEIGHT)}", class_="chart", role="img"
        )

    def _axes(self) -> list[Markup]:
        across, up = self.across, self.up
        bottom, left = up(self.y[0]), across(self.x[0])
        parts: list[Markup] = []
        rows = [value for value in ticks(*self.y, 4) if not self.counts or value == round(value)]
        for value, text in zip(rows, labels(rows), strict=True):
            y = up(value)
            parts.append(element("line", x1=left, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
            parts.append(element("text", text, x=left - 6, y=y + 4, class_="tick end"))
        columns = ticks(*self.x, 5)
        shown = self.x_ticks if self.x_ticks is not None else list(zip(columns, labels(columns), strict=True))
        for value, text in shown:
            x = across(value)
            parts.append(element("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, class_="axis"))
            parts.append(element("text", text, x=x, y=bottom + 17, class_="tick middle"))
        parts.append(element("line", x1=left, x2=WIDTH - _RIGHT, y1=bottom, y2=bottom, class_="axis"))
        middle = (left + WIDTH - _RIGHT) / 2
        parts.append(element("text", self.x_title, x=middle, y=HEIGHT - 6, class_="name middle"))
        half = (up(self.y[0]) + up(self.y[1])) / 2
        turned = f"rotate(-90 12 {number(half)})"
        parts.append(element("text", self.y_title, x=12, y=half, class_="name middle", transform=turned))
        return parts
