"""Metrics, and what gates decided, in figures and words."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from mlopsc.figures.charts.bullet import Bound, bullet
from mlopsc.figures.figure import Figure
from mlopsc.pages.evaluated import comparison
from mlopsc.pages.sections import Fact, Gate, Training
from mlopsc.pages.statuses import status
from mlopsc.pages.words import number, plural, short_digest, shown

_TOLD = {"name", "type", "verdict", "reason", "observed", "threshold", "metric", "training", "rows"}


def training_of(
    found: Mapping[str, Any],
    curves: Mapping[str, Any] | None,
    split: Mapping[str, Any] | None,
    drawn: tuple[Figure, ...] = (),
) -> Training:
    """Return what an evaluation found in numbers, beside what its split found, with these figures."""
    task = "" if curves is None else f", {curves['task']}"
    return Training(
        name=found["training"],
        about=f"{plural(found['rows'], 'row')} of the test part{task}",
        metrics=metric_facts(found["metrics"]),
        comparison=comparison(found),
        notes=(*found.get("notes", ()), *_leaks(split)),
        figures=drawn,
    )


def _leaks(split: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what a split found of leaks: the feature that tells most by itself, and its warnings."""
    if split is None:
        return
    found = split["leakage"]
    scores = {name: one["score"] for name, one in found["features"].items() if one["score"] is not None}
    if scores:
        most = max(scores, key=lambda name: scores[name])
        measure = "AUC" if found["measure"] == "auc" else "R² of ranks"
        yield (
            f"Of the features alone, {most} tells most of the label: {measure} {number(scores[most])}, "
            f"where {number(found['limit'])} is taken for a leak."
        )
    else:
        yield "The train part has too few rows to look for leaks."
    yield from split["warnings"]


def metric_facts(metrics: Mapping[str, float | None]) -> tuple[Fact, ...]:
    """Return metrics with their values; one without a value says so."""
    return tuple(
        Fact(
            name, "no value (NaN)" if value is None else number(value), None if value is None else repr(value)
        )
        for name, value in metrics.items()
    )


def gate(decision: Mapping[str, Any]) -> Gate:
    """Return a gate's decision with its numbers, in figures and words."""
    champion = decision["type"] == "champion"
    threshold = decision["threshold"]
    observed = decision["candidate"] if champion else decision["observed"]
    return Gate(
        name=decision["name"],
        kind=f"{decision.get('metric', decision['type'])} of {decision['training']}"
        + (" against the champion" if champion else ""),
        status=status(decision["verdict"]),
        reason=decision["reason"],
        observed=_observed(decision["type"], observed),
        threshold="; ".join(
            f"{name.replace('_', ' ')} {shown(value)}"
            for name, value in threshold.items()
            if value is not None
        ),
        bullet=_bullet(decision, observed, champion=champion),
        facts=tuple(_evidence(decision)),
    )


def _observed(kind: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0%} of the limit" if kind == "latency" else number(value)


def _bullet(decision: Mapping[str, Any], observed: float | None, *, champion: bool) -> Markup | None:
    threshold = decision["threshold"]
    if observed is None:
        return None
    kept = decision["verdict"] in ("pass", "unchanged")
    if champion:
        other = decision["champion"]
        if other is None:
            return None
        # The decision's `observed` is how much better the candidate is: where less is better, it is turned.
        gain = decision["observed"] or 0.0
        lower_is_better = gain * (observed - other) < 0
        needed = threshold["min_delta"]
        bound = Bound(other - needed, lower=False) if lower_is_better else Bound(other + needed, lower=True)
        words = f"{number(observed)} of the candidate, {number(other)} of the champion"
        return bullet(observed, [bound], compared=other, kept=kept, description=words)
    bounds = [
        Bound(threshold[name], lower=name == "min")
        for name in ("min", "max")
        if threshold.get(name) is not None
    ]
    if not bounds:
        return None
    words = f"observed {number(observed)}; " + ", ".join(
        f"{'at least' if bound.lower else 'at most'} {number(bound.value)}" for bound in bounds
    )
    return bullet(observed, bounds, kept=kept, description=words)


def _evidence(decision: Mapping[str, Any]) -> Iterator[Fact]:
    if decision.get("rows") is not None:
        rows = decision["rows"]
        yield Fact("Rows compared", f"{rows:,}" if isinstance(rows, int) else _written(rows))
    for port, digest in decision.get("inputs", {}).items():
        yield Fact(f"Digest of {port.replace('_', ' ')}", short_digest(digest), digest)
    for name, value in decision.items():
        if name in _TOLD or name == "inputs" or value is None:
            continue
        label = name.replace("_", " ").capitalize()
        if name.endswith("_digest"):
            yield Fact(label, short_digest(value), value)
        else:
            yield Fact(label, _written(value))


def _written(value: Any) -> str:
    match value:
        case float():
            return number(value)
        case Mapping():
            return "; ".join(f"{name} {_written(part)}" for name, part in value.items()) or "none"
        case list():
            return ", ".join(map(_written, value)) or "none"
        case None:
            return "no value"
        case _:
            return shown(value)
