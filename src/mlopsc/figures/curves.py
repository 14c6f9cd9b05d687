"""Figures of a model's quality, drawn from the artifact `curves`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlopsc.figures.charts.frame import Frame
from mlopsc.figures.charts.matrix import matrix
from mlopsc.figures.charts.scale import span
from mlopsc.figures.figure import Figure, Key
from mlopsc.vocabulary.words import number, plural, shown

Chart = Mapping[str, Any]
_SERIES = 6


def curve_figures(curves: Chart) -> tuple[Figure, ...]:
    """Return the figures of a training, in the order in which they are read."""
    entries = [entry for entry in _FIGURES.get(curves["task"], ()) if entry[0] in curves]
    names = [name for name, *_ in entries]
    return tuple(
        _figure(curves, *entry)
        for place, entry in enumerate(entries)
        # Of two figures of one chart that cannot be drawn, the first says why.
        if "unavailable" not in curves[entry[0]] or entry[0] not in names[:place]
    )


def _figure(curves: Chart, name: str, heading: str, draw: Callable[[Chart, Chart], Figure]) -> Figure:
    chart = curves[name]
    if "unavailable" in chart:
        return Figure(heading, f"Not drawn: {chart['unavailable']}.")
    return draw(chart, curves)


def _roc(chart: Chart, curves: Chart) -> Figure:
    area = number(chart["area"])
    rows = chart["rows"]
    frame = Frame(
        "ROC curve",
        f"True positive rate against false positive rate; the area under the curve is {area}.",
        (0, 1), (0, 1), "false positive rate", "true positive rate",
    )  # fmt: skip
    xs, ys = chart["false_positive_rate"], chart["true_positive_rate"]
    frame.area(xs, [0.0] * len(xs), ys, "s1")
    frame.line([0, 1], [0, 1], "aside")
    frame.line(xs, ys, "s1")
    caption = (
        f"Area {area}: the chance that a row labelled {shown(curves['positive'])} is scored above another. "
        f"{rows['positive']:,} of {rows['positive'] + rows['negative']:,} rows are positive."
    )
    return Figure("ROC curve", caption, frame.svg(), (Key("line s1", "model"), Key("line aside", "chance")))


def _precision_recall(chart: Chart, _: Chart) -> Figure:
    average, base = number(chart["average_precision"]), chart["base_rate"]
    frame = Frame(
        "Precision and recall",
        f"Precision against recall; the average precision is {average}, the base rate {number(base)}.",
        (0, 1), (0, 1), "recall", "precision",
    )  # fmt: skip
    frame.line([0, 1], [base, base], "aside")
    frame.line(chart["recall"], chart["precision"], "s1")
    caption = f"Average precision {average}; a model that knows nothing has the base rate, {number(base)}."
    keys = (Key("line s1", "model"), Key("line aside", "base rate"))
    return Figure("Precision and recall", caption, frame.svg(), keys)


def _gain(chart: Chart, curves: Chart) -> Figure:
    base, positive = chart["base_rate"], shown(curves["positive"])
    heading = "Cumulative gain"
    told = "; ".join(
        f"{one['gain']:.0%} of them in the highest {one['share_of_rows']:.0%}"
        for one in chart["tenths"][:5:2]
    )
    frame = Frame(
        heading,
        f"Share of the rows labelled {positive} that is found among the rows of the highest scores: {told}.",
        (0, 1), (0, 1), "share of all rows, highest scores first", "share of the positive rows found",
    )  # fmt: skip
    frame.line([0, 1], [0, 1], "aside")
    frame.line([0, base, 1], [0, 1, 1], "s2")
    frame.line(chart["share_of_rows"], chart["gain"], "s1")
    caption = f"Of the rows labelled {positive}: {told}."
    keys = (Key("line s1", "model"), Key("line s2", "perfect order"), Key("line aside", "drawn blindly"))
    return Figure(heading, caption, frame.svg(), keys)


def _lift(chart: Chart, _: Chart) -> Figure:
    tenths = chart["tenths"]
    xs, ys = [one["share_of_rows"] for one in tenths], [one["lift"] for one in tenths]
    top = max(*ys, 1.0) * 1.08
    first = number(ys[0])
    frame = Frame(
        "Lift",
        "Lift by share of rows: " + "; ".join(f"{x:.0%} {number(y)}" for x, y in zip(xs, ys, strict=True)),
        (0, 1), (0, top), "share of all rows, highest scores first", "times as many as drawn blindly",
    )  # fmt: skip
    frame.line([0, 1], [1, 1], "aside")
    frame.line(xs, ys, "s1")
    frame.dots(xs, ys, "s1")
    caption = (
        f"The tenth of the rows with the highest scores holds {first} times as many positive rows as a tenth drawn "
        f"blindly, of which {chart['base_rate']:.1%} are positive."
    )
    return Figure("Lift", caption, frame.svg(), (Key("line s1", "model"), Key("line aside", "drawn blindly")))


def _calibration(chart: Chart, _: Chart) -> Figure:
    bins = chart["bins"]
    frame = Frame(
        "Calibration",
        "Share of positive rows against the mean predicted probability, in bins of about as many rows: "
        + "; ".join(f"{number(one['predicted'])} predicted, {number(one['observed'])} observed" for one in bins),
        (0, 1), (0, 1), "predicted probability", "share of positive rows",
    )  # fmt: skip
    frame.line([0, 1], [0, 1], "aside")
    for one in bins:
        frame.line([one["predicted"]] * 2, _wilson(one["positive"], one["rows"]), "whisker s1")
    frame.line([one["predicted"] for one in bins], [one["observed"] for one in bins], "s1")
    frame.dots([one["predicted"] for one in bins], [one["observed"] for one in bins], "s1")
    caption = (
        f"{plural(len(bins), 'bin')} of about {bins[0]['rows']:,} rows. On the dashed line predictions are as frequent "
        "as they claim; bars span 95 % (Wilson)."
    )
    keys = (Key("line s1", "model"), Key("line aside", "perfect"))
    return Figure("Calibration", caption, frame.svg(), keys)


def _wilson(positive: int, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, positive / rows
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * (share * (1 - share) / rows + z * z / (4 * rows * rows)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _scores(chart: Chart, curves: Chart) -> Figure:
    edges = chart["edges"]
    sides = {name: _shares(chart[name]) for name in ("negative", "positive")}
    negative, positive = (shown(label) for label in curves["classes"])
    top = max((max(shares) for shares in sides.values()), default=1.0)
    probability = chart["scored_by"] == "predict_proba"
    axis = f"predicted probability of {positive}" if probability else "score (decision function)"
    frame = Frame(
        "Scores by class", f"Shares of rows by score, for the labels {negative} and {positive}.",
        (edges[0], edges[-1]), (0, top * 1.08 or 1.0), axis, "share of the class",
    )  # fmt: skip
    for name, kind in (("negative", "s2"), ("positive", "s1")):
        frame.histogram(edges, sides[name], kind)
    counts = (
        f"{sum(chart[side]):,} {label}" for side, label in (("negative", negative), ("positive", positive))
    )
    keys = (Key("line s2", f"label {negative}"), Key("line s1", f"label {positive}"))
    caption = f"Rows: {', '.join(counts)}. The less they overlap, the better the classes are told apart."
    return Figure("Scores by class", caption, frame.svg(), keys)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _confusion(chart: Chart, curves: Chart) -> Figure:
    labels = [shown(label) for label in chart["labels"]] + (["all others"] if chart["others"] else [])
    counts = chart["counts"]
    rows = sum(map(sum, counts))
    right = sum(counts[place][place] for place in range(len(chart["labels"])))
    how = "the model's own decision"
    if chart["decided_by"] == "predict_proba":
        how = "decided at probability 0.5" if curves["task"] == "binary" else "the most probable class"
    told = f"{right:,} of {rows:,} rows ({right / rows:.1%}) are taken for what they are"
    aside = ""
    if chart["unseen"]:
        aside = f" Not in the training data: {', '.join(shown(label) for label in chart['unseen'])}."
    drawn = matrix(labels, counts, "Confusion matrix", f"Rows are true labels: {told}.")
    return Figure("Confusion", f"{told}; {how}.{aside}", drawn)


def _roc_by_class(chart: Chart, _: Chart) -> Figure:
    frame = Frame(
        "ROC curves by class",
        "One curve for each class against the others: "
        + "; ".join(f"{shown(one['class'])} {_area(one)}" for one in chart["curves"]),
        (0, 1), (0, 1), "false positive rate", "true positive rate",
    )  # fmt: skip
    frame.line([0, 1], [0, 1], "aside")
    drawn = [one for one in chart["curves"] if "area" in one][:_SERIES]
    for place, one in enumerate(drawn):
        frame.line(one["false_positive_rate"], one["true_positive_rate"], f"s{place + 1}")
    keys = tuple(
        Key(f"line s{place + 1}", f"{shown(one['class'])}: area {number(one['area'])}")
        for place, one in enumerate(drawn)
    )
    hidden = [one for one in chart["curves"] if one not in drawn]
    rest = "; ".join(f"{shown(one['class'])} {_area(one)}" for one in hidden)
    caption = "Each class against all others." + (f" Not drawn: {rest}." if rest else "")
    if chart["left_out"]:
        caption += f" {plural(chart['left_out'], 'less common class', 'less common classes')} left out."
    return Figure("ROC curve of each class", caption, frame.svg(), keys)


def _area(curve: Chart) -> str:
    return f"(area {number(curve['area'])})" if "area" in curve else f"({curve['unavailable']})"


def _predicted(chart: Chart, _: Chart) -> Figure:
    heading = "Predicted against actual"
    if "cells" in chart:
        edges = chart["edges"]
        low, high = edges[0], edges[-1]
        most = max((count for _, _, count in chart["cells"]), default=1)
    else:
        low, high = span([*chart["actual"], *chart["predicted"]])
    words = f"{plural(chart['rows'], 'row')}; on the dashed line the prediction is what came."
    frame = Frame(heading, words, (low, high), (low, high), "actual", "predicted")
    if "cells" in chart:
        for i, j, count in chart["cells"]:
            deep = 0.12 + 0.88 * (count / most) ** 0.5
            box = (edges[i], edges[i + 1]), (edges[j], edges[j + 1])
            frame.box(*box, "bin s1", opacity=deep, tip=plural(count, "row"))
    frame.line([low, high], [low, high], "aside")
    if "cells" not in chart:
        frame.dots(chart["actual"], chart["predicted"], "s1 faint", 2.6)
    outside = chart.get("outside", 0)
    aside = f" {plural(outside, 'row')} beyond the axes." if outside else ""
    darker = " The darker, the more rows." if "cells" in chart else ""
    return Figure(heading, f"{words}{darker}{aside}", frame.svg(), (Key("line aside", "perfect"),))


def _residuals(chart: Chart, _: Chart) -> Figure:
    edges, counts = chart["edges"], chart["counts"]
    quantiles = chart["quantiles"]
    words = (
        f"Mean {number(chart['mean'])}, median {number(quantiles['0.5'])}; half of the rows lie between "
        f"{number(quantiles['0.25'])} and {number(quantiles['0.75'])}."
    )
    top = max(counts, default=1) * 1.08 or 1.0
    frame = Frame(
        "Residuals", words, (edges[0], edges[-1]), (0, top), "actual minus predicted", "rows", counts=True
    )
    frame.histogram(edges, counts, "s1")
    if edges[0] < 0 < edges[-1]:
        frame.line([0, 0], [0, top], "aside")
    beyond = chart["below"] + chart["above"]
    aside = f" {plural(beyond, 'row')} beyond the axis." if beyond else ""
    return Figure("Residuals", f"{words}{aside}", frame.svg(), (Key("line aside", "no error"),))


def _spread(chart: Chart, _: Chart) -> Figure:
    heading = "Residuals by prediction"
    bins = chart["bins"]
    xs = [one["predicted"] for one in bins]
    lines = {share: [one["quantiles"][share] for one in bins] for share in bins[0]["quantiles"]}
    low, high = span([value for line in lines.values() for value in line], zero=True)
    words = "Quantiles of actual minus predicted, in bins of about as many rows by prediction."
    frame = Frame(heading, words, span(xs), (low, high), "predicted", "actual minus predicted")
    frame.area(xs, lines["0.05"], lines["0.95"], "s1 wide")
    frame.area(xs, lines["0.25"], lines["0.75"], "s1")
    frame.line(span(xs), [0, 0], "aside")
    frame.line(xs, lines["0.5"], "s1")
    frame.dots(xs, lines["0.5"], "s1", 2.5)
    keys = (Key("line s1", "median"), Key("area s1", "half of the rows"), Key("area s1 wide", "nine of ten"))
    return Figure(heading, f"{words} A flat band around zero is what one hopes for.", frame.svg(), keys)


_Entry = tuple[str, str, Callable[[Chart, Chart], Figure]]
_FIGURES: Mapping[str, tuple[_Entry, ...]] = {
    "binary": (
        ("roc", "ROC curve", _roc),
        ("precision_recall", "Precision and recall", _precision_recall),
        ("lift", "Cumulative gain", _gain),
        ("lift", "Lift", _lift),
        ("calibration", "Calibration", _calibration),
        ("scores", "Scores by class", _scores),
        ("confusion", "Confusion", _confusion),
    ),
    "multiclass": (
        ("confusion", "Confusion", _confusion),
        ("roc", "ROC curve of each class", _roc_by_class),
    ),
    "regression": (
        ("predicted", "Predicted against actual", _predicted),
        ("residuals", "Residuals", _residuals),
        ("residuals_by_prediction", "Residuals by prediction", _spread),
    ),
}
