"""A confusion matrix: counts in cells, shaded by the share of their row."""

from collections.abc import Sequence

from markupsafe import Markup

from mlopsc.figures.charts.svg import element, number

_MARGIN = 96.0
_ROOM = 270.0
_LETTERS = 13


def matrix(labels: Sequence[str], counts: Sequence[Sequence[int]], title: str, description: str) -> Markup:
    """Return a square of cells: a row for each true label, a column for each decision."""
    size = len(labels)
    cell = _ROOM / size
    parts = [element("title", title), element("desc", description)]
    for row, (label, line) in enumerate(zip(labels, counts, strict=True)):
        total = sum(line)
        for column, count in enumerate(line):
            share = count / total if total else 0.0
            x, y = _MARGIN + column * cell, 26 + row * cell
            right = "right" if row == column else "wrong"
            tip = f"{count} of {total} rows with label {label} were taken for {labels[column]}"
            parts.append(
                element(
                    "rect", element("title", tip), x=x + 1, y=y + 1, width=cell - 2, height=cell - 2, rx=3,
                    class_=f"cell {right}", fill_opacity=0.08 + 0.82 * share,
                )
            )  # fmt: skip
            if size <= 12 and count:
                ink = "strong" if share > 0.5 else "plain"
                parts.append(
                    element("text", f"{count:,}", x=x + cell / 2, y=y + cell / 2 + (0 if size <= 4 else 4),
                            class_=f"count {ink} middle {'large' if size <= 4 else ''}".strip())
                )  # fmt: skip
                if size <= 4:
                    shown = f"{share:.0%} of row"
                    parts.append(
                        element(
                            "text", shown, x=x + cell / 2, y=y + cell / 2 + 17, class_=f"tick {ink} middle"
                        )
                    )
        middle = 26 + row * cell + cell / 2 + 4
        parts.append(element("text", _short(label), x=_MARGIN - 8, y=middle, class_="tick end"))
    for column, label in enumerate(labels):
        x, y = _MARGIN + column * cell + cell / 2, 26 + _ROOM + 16
        if size <= 4:
            parts.append(element("text", _short(label), x=x, y=y, class_="tick middle"))
        else:
            turn = f"rotate(-45 {number(x)} {number(y - 6)})"
            parts.append(element("text", _short(label), x=x, y=y - 6, class_="tick end", transform=turn))
    depth = 40.0 if size <= 4 else 92.0
    parts.append(element("text", "true label", x=_MARGIN - 8, y=14, class_="name end"))
    parts.append(
        element("text", "taken for", x=_MARGIN + _ROOM / 2, y=26 + _ROOM + depth - 2, class_="name middle")
    )
    box = f"0 0 {number(_MARGIN + _ROOM + 14)} {number(26 + _ROOM + depth + 6)}"
    return element("svg", *parts, viewBox=box, class_="chart", role="img")


def _short(label: str) -> str:
    return label if len(label) <= _LETTERS else f"{label[: _LETTERS - 1]}…"
