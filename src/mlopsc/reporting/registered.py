"""The registry's view of the run's models: versions, who holds which stage, lineage, the ledger's end."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlopsc.pages.learning import metric_facts
from mlopsc.pages.sections import Entry, Fact, Model
from mlopsc.pages.statuses import status
from mlopsc.pages.words import moment, plural, short_digest, shown
from mlopsc.reporting.facts import Facts, ModelFacts

if TYPE_CHECKING:
    from mlopsc.runtime.registry import LedgerEntry, Version


def models(facts: Facts) -> Iterator[Model]:
    """Yield the models that the run registers or uses."""
    decisions = {found["model"]: found for _, found in facts.of("register", "decision")}
    for model in facts.models:
        yield _model(model, decisions.get(model.name))


def _model(found: ModelFacts, decision: Mapping[str, Any] | None) -> Model:
    version = found.version
    summary = "" if decision is None else decision["reason"]
    if decision is None and found.problem is None:
        summary = (
            f"{plural(found.versions, 'version')} registered"
            if found.versions
            else "no version is registered"
        )
    return Model(
        name=found.name,
        status=None if decision is None else status(decision["status"]),
        summary=summary,
        stages=tuple(
            (holder.stage, f"{holder.model}/{holder.version}", moment(holder.since))
            for holder in found.holders
        ),
        version=None if version is None else version.name,
        facts=() if version is None else tuple(_facts(version)),
        metrics=() if version is None else metric_facts(version.metrics),
        lineage=() if version is None else tuple(_lineage(version.lineage)),
        entries=tuple(map(_entry, found.entries)),
        problem=found.problem,
    )


def _facts(version: "Version") -> Iterator[Fact]:
    yield Fact("Model", short_digest(version.digest), version.digest)
    yield Fact("Registered", moment(version.created_at))
    yield Fact("By", version.actor)
    if version.run is not None:
        yield Fact("In run", version.run)
    order = " → ".join(
        f"{stage} ({', '.join(gates)})" if gates else stage for stage, gates in version.stages.items()
    )
    yield Fact("Stages and their gates", order)


def _lineage(lineage: Mapping[str, Any]) -> Iterator[Fact]:
    for name, value in lineage.items():
        label = name.replace("_", " ").capitalize()
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield _digest_or_text(f"{label}: {key}", inner)
        elif value is not None:
            yield _digest_or_text(label, value)


def _digest_or_text(label: str, value: Any) -> Fact:
    if isinstance(value, str) and value.startswith("sha256:"):
        return Fact(label, short_digest(value), value)
    return Fact(label, shown(value))


def _entry(entry: "LedgerEntry") -> Entry:
    about = f"{entry.model}/{entry.version}" if entry.version is not None else short_digest(entry.digest)
    stage = f" to {entry.stage}" if entry.stage and entry.action != "register" else ""
    instead = f", instead of {entry.model}/{entry.from_version}" if entry.from_version is not None else ""
    return Entry(moment(entry.at), entry.actor, entry.action, f"{about}{stage}{instead}")
