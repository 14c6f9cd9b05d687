"""Sections of a card that tell what was measured: metrics, slices, fairness, calibration, importance of features."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.pages import procedure
from mlopsc.pages.evaluated import comparison
from mlopsc.pages.judged import Judged
from mlopsc.pages.learning import metric_facts
from mlopsc.pages.sections import Fact
from mlopsc.pages.words import number, plural
from mlopsc.reporting.cards.parts import Section, Table


def metrics(judged: Judged) -> Section:
    """Return the metrics beside intervals and naive forecasts, and how decisions are taken."""
    found = comparison(judged.metrics)
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...]
    if found is None:
        rows = tuple((fact.name, fact.value) for fact in metric_facts(judged.metrics["metrics"]))
    else:
        headings, rows = found.headings, tuple((name, value, *cells) for name, value, cells in found.rows)
    table = Table("Metrics on the test part", ("metric", "model", *headings), rows, "No metric.")
    remarks = () if "intervals" in judged.metrics else ("Confidence intervals were not asked for.",)
    return Section(
        "metrics", "Metrics", "Mitchell: metrics, quantitative analyses; Annex IV 2(g), 3, 4",
        facts=tuple(procedure.deciding(judged)), tables=(table,), remarks=remarks,
    )  # fmt: skip


def slices(judged: Judged) -> Iterator[Section]:
    """Yield the same numbers by groups of rows."""
    divisions: Mapping[str, Any] = judged.metrics.get("slices", {})
    names = list(judged.metrics["metrics"])
    tables = tuple(
        Table(
            f"By {division}",
            ("slice", "rows", *names),
            tuple((one["slice"], f"{one['rows']:,}", *(_cell(one, name) for name in names)) for one in parts),
            "No slice.",
        )
        for division, parts in divisions.items()
    )
    remarks = () if tables else ("No slices were declared: nothing is known of groups of rows.",)
    yield Section(
        "slices", "Slices", "Mitchell: disaggregated results; Annex IV 3", tables=tables, remarks=remarks
    )


def _cell(part: Mapping[str, Any], metric: str) -> str:
    if part.get("too_few"):
        return "too few rows"
    value = part["metrics"][metric]
    if value is None:
        return "no value"
    interval = part.get("intervals", {}).get(metric)
    if interval is None or interval["low"] is None or interval["high"] is None:
        return number(value)
    return f"{number(value)} ({number(interval['low'])} to {number(interval['high'])})"


def fairness(judged: Judged) -> Section:
    """Return what fairness gates said."""
    rows = tuple(
        (one["name"], one["verdict"], one["reason"]) for one in judged.decisions if one["type"] == "fairness"
    )
    nothing = "No fairness gate guards a stage of it: whether groups are treated alike was not judged."
    table = Table("What fairness gates said", ("gate", "verdict", "reason"), rows, nothing)
    return Section("fairness", "Fairness", "Mitchell: factors; Annex IV 2(g), 3", tables=(table,))


def calibration(judged: Judged) -> Section:
    """Return how far probabilities are from frequencies."""
    chart = (judged.curves or {}).get("calibration")
    rows: tuple[tuple[str, ...], ...] = ()
    facts: tuple[Fact, ...] = ()
    nothing = "Only a model of two classes with probabilities has a calibration curve."
    if chart is not None and "unavailable" in chart:
        nothing = f"Not known: {chart['unavailable']}."
    elif chart is not None:
        bins = chart["bins"]
        rows = tuple(
            (number(one["predicted"]), number(one["observed"]), f"{one['rows']:,}", f"{one['positive']:,}")
            for one in bins
        )
        count = sum(one["rows"] for one in bins)
        error = sum(one["rows"] * abs(one["observed"] - one["predicted"]) for one in bins) / count
        facts = (Fact(f"Expected calibration error, {plural(len(bins), 'bin')}", number(error)),)
    table = Table(
        "Probability and frequency", ("mean predicted", "share observed", "rows", "positive"), rows, nothing
    )
    judged_by = tuple(
        (one["name"], one["verdict"], one["reason"])
        for one in judged.decisions
        if one["type"] == "calibration"
    )
    said = (
        (Table("What calibration gates said", ("gate", "verdict", "reason"), judged_by, ""),)
        if judged_by
        else ()
    )
    return Section("calibration", "Calibration", "Annex IV 2(g)", facts=facts, tables=(table, *said))


def explanation(judged: Judged) -> Iterator[Section]:
    """Yield which features the answers hang on; nothing where that was not asked for."""
    found = judged.explanation
    if found is None:
        return
    rows = tuple(
        (one["feature"], "no value" if one["mean"] is None else number(one["mean"]),
         "" if one["std"] is None else number(one["std"]))
        for one in found["importance"]
    )  # fmt: skip
    caption = f"How much {found['metric']} gets worse when a feature is shuffled, {found['repeats']} times"
    table = Table(caption, ("feature", "mean", "standard deviation"), rows, "No feature.")
    yield Section("explanation", "What answers hang on", "Annex IV 2(b)", tables=(table,))
