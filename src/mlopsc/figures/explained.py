"""What a model's answers hang on, drawn: importance of features, and how the mean answer moves with each."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.figures.charts.frame import Frame
from mlopsc.figures.charts.ranges import Range, ranges
from mlopsc.figures.charts.scale import span
from mlopsc.figures.figure import Figure, Key
from mlopsc.vocabulary.words import number, plural, shown

_SHOWN = 20
_LETTERS = 50
"""So many letters have room below a chart."""
Document = Mapping[str, Any]


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
    """Return a line for each class."""
    numeric = one["kind"] == "numeric"
    points = [place for place, value in enumerate(one["values"]) if value is not None or not numeric]
    xs = [one["values"][place] if numeric else float(place) for place in points]
    lines = [[means[place] for place in points] for means in one["means"]]
    room = max(2, _LETTERS // max(len(xs), 1))
    names = [shown(value) for value in one["values"]]
    told = "; ".join(
        f"{shown(label)}: " + ", ".join(map(number, line))
        for label, line in zip(one["classes"], lines, strict=True)
    )
    frame = Frame(
        heading, told, span(xs), span([value for line in lines for value in line]), one["feature"], "mean answer",
        x_ticks=None if numeric else [(float(at), _cut(name, room)) for at, name in enumerate(names)],
    )  # fmt: skip
    for place, line in enumerate(lines):
        frame.line(xs, line, f"s{place + 1}")
        if not numeric:
            frame.dots(xs, line, f"s{place + 1}", 2.5)
    keys = tuple(Key(f"line s{place + 1}", shown(label)) for place, label in enumerate(one["classes"]))
    words = "The mean answer for each class if every row had this value."
    if not numeric:
        words += f" Values: {', '.join(names)}.{_left_out(one)}"
    return Figure(heading, words, frame.svg(), keys)


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
