"""What a model's answers hang on, drawn: importance of features, and how the mean answer moves with each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlopsc.figures.charts.frame import Frame
from mlopsc.figures.charts.ranges import Range, ranges
from mlopsc.figures.charts.scale import span
from mlopsc.figures.figure import Figure, Key
from mlopsc.vocabulary.words import number, plural, shown

_SHOWN = 20
_LETTERS = 50
"""So many letters have room below a chart."""
_ASIDE = 0.7
"""Of the room between two values the share that the classes' dots take."""
Document = Mapping[str, Any]
Lines = Sequence[Sequence[float]]


def explanation_figures(found: Document) -> Iterator[Figure]:
    """Yield the importance of the features, then the dependence on each of the most important ones."""
    yield _importance(found)
    for one in found["dependence"]:
        heading = f"Dependence on {one['feature']}"
        if "unavailable" in one:
            yield Figure(heading, f"Not drawn: {one['unavailable']}.")
        elif "means" in one:
            yield _several(heading, one)
        elif one["kind"] == "numeric":
            yield _numeric(heading, one, found)
        else:
            yield _categories(heading, one, found)


def _importance(found: Document) -> Figure:
    metric = found["metric"]
    groups = [
        Range(
            one["feature"],
            one["mean"],
            one["mean"] - one["std"],
            one["mean"] + one["std"],
            number(float(f"{one['mean']:.3g}")),
        )
        for one in found["importance"]
        if one["mean"] is not None
    ]
    heading = "Importance of features"
    if not groups:
        return Figure(heading, f"Not drawn: {metric} has no value on these rows.")
    words = (
        f"How much {metric}, {number(found['score'])} as the rows are, gets worse when a feature's values are shuffled "
        f"among {plural(found['rows'], 'row')} of the test part: mean and standard deviation of {found['repeats']} "
        "shuffles. Of features that tell the same, each alone may seem to matter little."
    )
    more = len(groups) - _SHOWN
    if more > 0:
        words += f" {plural(more, 'further feature')} matter less."
    told = "; ".join(f"{group.label} {group.count}" for group in groups[:_SHOWN])
    chart = ranges(groups[:_SHOWN], 0.0, title=heading, description=told)
    return Figure(heading, words, chart)


def _numeric(heading: str, one: Document, found: Document) -> Figure:
    points = [place for place, value in enumerate(one["values"]) if value is not None]
    xs, means, lows, highs = (
        [one[key][place] for place in points] for key in ("values", "mean", "low", "high")
    )
    if not xs:
        return _categories(heading, one, found)
    low, high = span([*lows, *highs])
    frame = Frame(
        heading,
        "; ".join(f"{number(x)}: {number(mean)}" for x, mean in zip(xs, means, strict=True)),
        span(xs), (low, high), one["feature"], _axis(found),
    )  # fmt: skip
    frame.area(xs, lows, highs, "s1")
    frame.line(xs, means, "s1")
    frame.dots(xs, means, "s1", 2.5)
    words = "The mean answer if every row had this value."
    if None in one["values"]:
        words += f" Where it is null: {number(one['mean'][one['values'].index(None)])}."
    return Figure(heading, words, frame.svg(), (Key("line s1", "mean"), Key("area s1", "80 % of the rows")))


def _categories(heading: str, one: Document, found: Document) -> Figure:
    counts = one.get("rows", [0] * len(one["values"]))
    groups = [
        Range(shown(value), mean, low, high, f"{count:,}")
        for value, mean, low, high, count in zip(
            one["values"], one["mean"], one["low"], one["high"], counts, strict=True
        )
    ]
    told = "; ".join(f"{group.label} {number(group.value)}" for group in groups)
    words = (
        f"The mean {_axis(found)} if every row had this value; lines hold 80 % of the rows, on the right are the "
        f"rows that have it.{_left_out(one)}"
    )
    return Figure(heading, words, ranges(groups, None, title=heading, description=told))


def _several(heading: str, one: Document) -> Figure:
    """Return a line for each class, or of values that have no order a dot, with what holds most rows' answers."""
    numeric = one["kind"] == "numeric"
    points = [place for place, value in enumerate(one["values"]) if value is not None or not numeric]
    xs = [one["values"][place] if numeric else float(place) for place in points]
    means, lows, highs = (
        [[line[place] for place in points] for line in one.get(key, ())] for key in ("means", "lows", "highs")
    )
    room = max(2, _LETTERS // max(len(xs), 1))
    names = [shown(value) for value in one["values"]]
    told = "; ".join(
        f"{shown(label)}: " + ", ".join(map(number, line))
        for label, line in zip(one["classes"], means, strict=True)
    )
    frame = Frame(
        heading, told, span(xs) if numeric else (-0.5, len(names) - 0.5),
        span([value for line in (*means, *lows, *highs) for value in line]), one["feature"], "mean answer",
        x_ticks=None if numeric else [(float(at), _cut(name, room)) for at, name in enumerate(names)],
    )  # fmt: skip
    kinds = [f"s{place + 1}" for place in range(len(means))]
    if numeric:
        for low, high, kind in zip(lows, highs, kinds, strict=False):
            frame.area(xs, low, high, f"{kind} faint")
            for edge in (low, high):
                frame.line(xs, edge, f"edge {kind}")
        for line, kind in zip(means, kinds, strict=True):
            frame.line(xs, line, kind)
    else:
        _dodged(frame, means, lows, highs)
    keys = [Key(f"line {kind}", shown(label)) for kind, label in zip(kinds, one["classes"], strict=True)]
    words = "The mean answer for each class if every row had this value"
    if not lows:
        words += "; how rows differ was not recorded."
    elif numeric:
        words += "; between the thin lines of its colour lie 80 % of the rows."
    else:
        words += "; lines hold 80 % of the rows."
    if not numeric:
        words += f" Values: {', '.join(names)}.{_left_out(one)}"
    return Figure(heading, words, frame.svg(), tuple(keys))


def _dodged(frame: Frame, means: Lines, lows: Lines, highs: Lines) -> None:
    """Draw a dot for each class beside those of the others, with its interval."""
    for place, line in enumerate(means):
        kind = f"s{place + 1}"
        aside = (place - (len(means) - 1) / 2) * _ASIDE / len(means)
        xs = [at + aside for at in range(len(line))]
        for x, low, high in zip(xs, *((lows[place], highs[place]) if lows else ((), ())), strict=False):
            frame.line([x, x], [low, high], f"whisker {kind}")
        frame.dots(xs, line, kind, 3)


def _axis(found: Document) -> str:
    match found["response"]:
        case "predict_proba":
            return f"probability of {shown(found['positive'])}"
        case "decision_function":
            return "score"
        case _:
            return "prediction"


def _left_out(one: Document) -> str:
    return f" {plural(one['left_out'], 'rarer value')} left out." if "left_out" in one else ""


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
