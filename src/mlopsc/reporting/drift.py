"""Drift: each column's tests, and its distribution now against that of the training."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from mlopsc.figures.charts.bars import bars
from mlopsc.figures.charts.frame import Frame
from mlopsc.pages.sections import DriftColumn, Monitor
from mlopsc.pages.statuses import status
from mlopsc.pages.words import number, plural
from mlopsc.reporting.facts import Facts

_TESTS = {
    "psi": ("PSI", "psi_threshold"),
    "ks": ("KS distance", "ks_threshold"),
    "chi2": ("Cramér's V", "cramers_v_threshold"),
    "missing": ("rise of missing", "missing"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER = ("drift", "insufficient_data", "empty", "constant", "ok")


def monitors(facts: Facts) -> Iterator[Monitor]:
    """Yield the monitors' reports."""
    for step, report in facts.of("drift", "report"):
        decision = facts.documents.get((step, "decision"), {})
        tests = [test for test in _TESTS if any(test in one["effects"] for one in report["columns"].values())]
        columns = sorted(report["columns"].items(), key=lambda item: _ORDER.index(item[1]["status"]))
        rows = f"{plural(report['current_rows'], 'current row')} against {report['reference_rows']:,} of the training"
        yield Monitor(
            name=decision.get("name", step),
            status=status("drift" if report["drifted"] else decision.get("verdict", "ok")),
            summary=f"{decision['reason']} ({rows})" if decision else rows,
            tests=tuple((test, _TESTS[test][0]) for test in tests),
            columns=tuple(_column(name, one, tests, report["tests"]) for name, one in columns),
        )


def _column(
    name: str, column: Mapping[str, Any], tests: Sequence[str], rules: Mapping[str, Any]
) -> DriftColumn:
    remark = f"alarm: {', '.join(_TESTS[test][0] for test in column['alarms'])}" if column["alarms"] else ""
    return DriftColumn(
        name=name,
        kind=column["kind"] or "",
        status=status(column["status"]),
        evidence=tuple(_evidence(column, test, rules) for test in tests),
        remark=remark or column["reason"],
        chart=_chart(name, column.get("distribution"), column["kind"]),
    )


def _chart(name: str, found: Mapping[str, Any] | None, kind: str | None) -> Markup | None:
    if found is None:
        return None
    about = f"Distribution of {name}: shares of the training's rows and of those now."
    if "labels" in found:
        return bars(
            [*found["labels"], *(["all others"] if any(found["others"]) else [])],
            [*found["reference"], found["others"][0]] if any(found["others"]) else found["reference"],
            [*found["current"], found["others"][1]] if any(found["others"]) else found["current"],
            title=f"Distribution of {name}",
            description=about,
        )
    edges = found["edges"]
    sides = {side: _shares(found[side]) for side in ("reference", "current")}
    top = max(max(shares) for shares in sides.values()) * 1.08 or 1.0
    axis = _dates(edges) if kind == "datetime" else None
    beyond = found["current"]["below"] + found["current"]["above"]
    frame = Frame(
        f"Distribution of {name}",
        f"{about} {beyond} of those now lie beyond the axis.",
        (edges[0], edges[-1]), (0, top), "value", "share of rows", axis,
    )  # fmt: skip
    frame.histogram(edges, sides["reference"], "s2")
    frame.histogram(edges, sides["current"], "s1")
    return frame.svg()


def _shares(side: Mapping[str, Any]) -> list[float]:
    total = (sum(side["counts"]) + side["below"] + side["above"]) or 1
    return [count / total for count in side["counts"]]


def _dates(edges: Sequence[float]) -> list[tuple[float, str]]:
    """Return ticks of a time axis: values are microseconds since 1970."""
    places = [edges[0] + (edges[-1] - edges[0]) * part for part in (0.1, 0.5, 0.9)]
    return [(at, f"{_EPOCH + timedelta(microseconds=at):%Y-%m-%d}") for at in places]


def _evidence(column: Mapping[str, Any], test: str, rules: Mapping[str, Any]) -> tuple[str, str, str]:
    if test not in column["effects"]:
        return "", "", ""
    threshold = rules.get(_TESTS[test][1])
    p = column["adjusted_p_values"].get(test)
    return (
        f"{column['effects'][test]:.4g}",
        "" if threshold is None else f"≥ {number(threshold)}",
        "" if p is None else f"p {p:.2g}",
    )
