"""The card of a registered version: sections in the order of Mitchell et al. (2019), with what Annex IV of Regulation
(EU) 2024/1689 asks for where mlopsc knows it. What only people can say is told as declared, or as not declared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlopsc.pages import procedure
from mlopsc.pages.declared import declared
from mlopsc.pages.evaluation import data_rows, verdict_of
from mlopsc.pages.judged import Judged
from mlopsc.pages.sections import Fact, Status
from mlopsc.pages.words import moment, number, shown
from mlopsc.reporting.cards import measured
from mlopsc.reporting.cards.parts import Section, Table

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Version

_UNKNOWN = (
    "Hardware that the model is to run on, instructions for use, predetermined changes, cybersecurity, the provider's "
    "risk management system, harmonised standards and the declaration of conformity are not known to mlopsc: Annex IV "
    "1(e), 1(h), 2(f), 2(h), 5, 7 and 8 have to be answered elsewhere."
)


@dataclass(frozen=True)
class Card:
    """A card."""

    name: str
    """The version's reference."""
    project: str
    about: str
    status: Status
    verdict: str
    sections: tuple[Section, ...]
    judged: Judged

    @property
    def title(self) -> str:
        """What a browser calls the page."""
        return f"{self.project}: model card of {self.name}"

    def contents(self) -> tuple[tuple[str, str], ...]:
        """Return (anchor, heading) of the sections."""
        return tuple((one.anchor, one.heading) for one in self.sections)


def card_of(judged: Judged) -> Card:
    """Return the card of a version; `judged` is one (see `judged_version`)."""
    version = judged.version
    assert version is not None
    look, verdict = verdict_of(judged)
    declared = None if judged.spec is None else judged.spec.registry.get(version.model)
    about = (
        (None if declared is None else declared.description) or (judged.said or {}).get("description") or ""
    )
    said: dict[str, Any] = dict(version.lineage.get("card", {}))
    return Card(
        name=version.name,
        project=judged.project,
        about=about,
        status=look,
        verdict=verdict,
        sections=(
            _model(judged, version, said),
            _use(said),
            _data(judged, said),
            _training(judged, version),
            measured.metrics(judged),
            *measured.slices(judged),
            measured.fairness(judged),
            measured.calibration(judged),
            *measured.explanation(judged),
            _limits(judged, said),
            _approvals(judged, version),
            _watched(judged, version),
            _again(judged, version),
        ),
        judged=judged,
    )


def _model(judged: Judged, version: "Version", said: dict[str, Any]) -> Section:
    signature = judged.signature or {}
    facts = [
        Fact("Name and version", version.name),
        Fact("Project", judged.project),
        Fact("Owner", version.lineage.get("owner") or "not declared"),
        Fact(
            "Task", judged.curves["task"] if judged.curves is not None else signature.get("task", "not known")
        ),
        Fact("Estimator", shown(signature.get("estimator", "not known"))),
        Fact("Registered", f"{moment(version.created_at)} by {version.actor}"),
        Fact("Digest of the model", version.digest),
    ]
    return Section(
        "model", "Model", "Mitchell: model details; Annex IV 1(a)",
        declared(said, "contacts", "licence", "references"), tuple(facts),
    )  # fmt: skip


def _use(said: dict[str, Any]) -> Section:
    return Section(
        "use", "Intended use", "Mitchell: intended use, factors; Annex IV 1(a), 2(e), 3",
        declared(said, "intended_use", "intended_users", "out_of_scope", "affected", "human_oversight"),
    )  # fmt: skip


def _data(judged: Judged, said: dict[str, Any]) -> Section:
    sources = {} if judged.spec is None else dict(judged.spec.entries("datasets"))
    rows = tuple(
        (one.name, _source(sources[one.name].source) if one.name in sources else "not known", one.rows, one.checks,
         one.status.word, one.title)
        for one in data_rows(judged)
    )  # fmt: skip
    tables = (
        Table(
            "Datasets behind the model", ("dataset", "source", "rows", "checks passed", "verdict", "digest"), rows,
            "No report on a dataset is kept with the version.",
        ),
        Table("Features", ("feature", "type", "seen in training", "nulls"), tuple(_features(judged)), "Not known."),
    )  # fmt: skip
    return Section(
        "data", "Data and population", "Mitchell: training and evaluation data; Annex IV 2(d), 3",
        declared(said, "data"), tuple(procedure.population(judged)), tables,
    )  # fmt: skip


def _source(source: Any) -> str:
    """Return where a dataset comes from; of a database neither address nor secrets are told."""
    told = [
        shown(value)
        for key in ("path", "python", "table", "query_file", "feature_view", "revision")
        if isinstance(value := getattr(source, key, None), str)
    ]
    return " ".join([source.type, *told])


def _features(judged: Judged) -> Iterator[tuple[str, ...]]:
    for one in (judged.signature or {}).get("features", ()):
        seen = ""
        if "min" in one:
            seen = f"{number(one['min'])} to {number(one['max'])}"
        elif "categories" in one:
            seen = ", ".join(map(shown, one["categories"][:12])) + (
                ", …" if len(one["categories"]) > 12 else ""
            )
        elif "category_count" in one:
            seen = f"{one['category_count']:,} categories"
        yield one["name"], one["type"], seen, "yes" if one.get("nulls") else "no"


def _training(judged: Judged, version: "Version") -> Section:
    facts = list(procedure.learning(judged))
    if judged.said is None:
        facts.append(Fact("Spec", "not kept with the version: parts of the procedure are not known"))
    made = judged.environment
    if made is not None:
        facts.append(
            Fact("Made in", f"{made['implementation']} {made['python']}, {made['system']} {made['machine']}")
        )
        facts.append(Fact("With", ", ".join(f"{name} {one}" for name, one in made["libraries"].items())))
    facts.append(Fact("Digest of user code", version.lineage.get("code") or "no user code"))
    return Section("training", "Training procedure", "Annex IV 1(c), 2(a), 2(b), 2(c)", facts=tuple(facts))


def _limits(judged: Judged, said: dict[str, Any]) -> Section:
    return Section(
        "limits", "Limits, risks and ethical considerations",
        "Mitchell: ethical considerations, caveats; Annex IV 3",
        declared(said, "limitations", "risks", "ethical_considerations"),
        remarks=(*judged.metrics.get("notes", ()), *judged.unread, _UNKNOWN),
    )  # fmt: skip


def _approvals(judged: Judged, version: "Version") -> Section:
    rules = tuple((stage, ", ".join(gates) or "no gate") for stage, gates in version.stages.items())
    verdicts = tuple((one["name"], one["type"], one["verdict"], one["reason"]) for one in judged.decisions)
    history = tuple(
        (moment(one.at), one.actor, one.action, "" if one.version is None else f"{one.model}/{one.version}",
         one.stage or "")
        for one in judged.entries
    )  # fmt: skip
    return Section(
        "approvals", "Gates, approvals and stages", "Annex IV 2(g), 6",
        facts=(Fact("Holds now", ", ".join(one.stage for one in judged.holders) or "no stage"),),
        tables=(
            Table("Stages and the gates that guard them", ("stage", "gates"), rules, "No stage."),
            Table("What the gates said", ("gate", "kind", "verdict", "reason"), verdicts, "No gate judged it."),
            Table("The ledger", ("when", "who", "action", "version", "stage"), history, "No entry."),
        ),
    )  # fmt: skip


def _watched(judged: Judged, version: "Version") -> Section:
    monitors = {} if judged.spec is None else dict(judged.spec.entries("monitors"))
    rows = tuple(
        (name, one.stage, f"drift of inputs in {one.current.table}",
         "by hand" if one.schedule is None else shown(one.schedule.cron))
        for name, one in monitors.items()
        if one.model == version.model
    )  # fmt: skip
    nothing = "No monitor was declared." if judged.spec is not None else "Not known: the spec is not kept."
    return Section(
        "monitoring", "Monitoring", "Annex IV 9",
        tables=(Table("Monitors when it was registered", ("monitor", "stage", "watches", "when"), rows, nothing),),
    )  # fmt: skip


def _again(judged: Judged, version: "Version") -> Section:
    recipe = judged.recipe
    facts = [
        Fact("Command", f"mlopsc reproduce {version.name}"),
        Fact("Digest of the spec's part", version.lineage["spec_digest"]),
        *(Fact(f"Parameter {name}", shown(value)) for name, value in version.lineage["parameters"].items()),
    ]
    if recipe is None:
        facts.append(Fact("Recipe", "not kept with the version"))
    else:
        facts.append(Fact("Files kept", ", ".join(recipe.files) or "none"))
        if recipe.missing:
            facts.append(Fact("Files not kept", ", ".join(recipe.missing)))
    if version.run is not None:
        facts.append(Fact("Made in run", version.run))
    return Section("again", "How to make it again", "Annex IV 2(a), 2(g)", facts=tuple(facts))
