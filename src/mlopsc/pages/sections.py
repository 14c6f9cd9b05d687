"""What stands on the page, section by section: plain values that the templates lay out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mlopsc.figures.figure import Figure


@dataclass(frozen=True)
class Fact:
    """A name and a value in a list of facts; `title` is what a pointer that rests on it is told."""

    name: str
    value: str
    title: str | None = None


@dataclass(frozen=True)
class Status:
    """A word with a look and a sign: never colour alone."""

    word: str
    look: str
    sign: str


@dataclass(frozen=True)
class StepRow:
    """A line of the steps' table: a step, or a fan-out."""

    name: str
    anchor: str
    operation: str
    status: Status
    started: str
    took: str
    reason: str
    source: str
    outputs: tuple[Fact, ...] = ()
    log: str | None = None
    members: "tuple[StepRow, ...]" = ()
    """The lines of what it stands for."""

    @property
    def failing(self) -> bool:
        """Whether any member ended badly."""
        return any(one.status.look == "bad" for one in self.members)


@dataclass(frozen=True)
class Trouble:
    """A step that failed or was refused."""

    step: str
    anchor: str
    status: Status
    first: str
    rest: str
    source: str
    log: str | None


@dataclass(frozen=True)
class Check:
    """A line of a dataset's checks."""

    name: str
    column: str
    status: Status
    wanted: str
    observed: str
    unexpected: str
    failed: bool
    samples: tuple[tuple[str, str, str], ...]
    """(row, primary key, value) of the first offenders."""
    message: str
    source: str
    """Where in the spec it is written; empty where that is not known."""


@dataclass(frozen=True)
class Dataset:
    """A dataset and its checks, those that failed first."""

    name: str
    status: Status
    summary: str
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...]

    @property
    def failing(self) -> bool:
        """Whether any check failed."""
        return any(check.failed for check in self.checks)


@dataclass(frozen=True)
class Comparison:
    """Metrics beside their intervals and what naive forecasts reach."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(metric, its value, a cell for each heading)."""


@dataclass(frozen=True)
class TrialRow:
    """A line of a search's table."""

    number: str
    status: Status
    resource: str
    """What it was given of a resource that grows, as a number; empty where a search has none."""
    settings: Mapping[str, str]
    mean: str
    spread: str
    folds: str
    took: str
    message: str


@dataclass(frozen=True)
class Search:
    """A training's search for parameters."""

    name: str
    about: str
    parameters: tuple[str, ...]
    staged: bool
    """Whether its trials were given different amounts of a resource."""
    note: str
    """What outer folds say of the whole search; empty where none was asked."""
    trials: tuple[TrialRow, ...]


@dataclass(frozen=True)
class Training:
    """A training's metrics and plots."""

    name: str
    about: str
    metrics: tuple[Fact, ...]
    comparison: Comparison | None
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Gate:
    """A gate's decision."""

    name: str
    kind: str
    status: Status
    reason: str
    observed: str
    threshold: str
    bullet: Markup | None
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Entry:
    """A line of the ledger."""

    when: str
    who: str
    action: str
    what: str


@dataclass(frozen=True)
class Model:
    """A model in the registry."""

    name: str
    status: Status | None
    summary: str
    stages: tuple[tuple[str, str, str], ...]
    """(stage, version that holds it, since when)."""
    version: str | None
    facts: tuple[Fact, ...]
    metrics: tuple[Fact, ...]
    lineage: tuple[Fact, ...]
    entries: tuple[Entry, ...]
    problem: str | None


@dataclass(frozen=True)
class DriftColumn:
    """A column of a drift report."""

    name: str
    kind: str
    status: Status
    evidence: tuple[tuple[str, str, str], ...]
    """(effect, threshold, p) for each test of the table's head; empty texts where a test was not made."""
    remark: str
    chart: Markup | None


@dataclass(frozen=True)
class Monitor:
    """A monitor's report."""

    name: str
    status: Status
    summary: str
    tests: tuple[tuple[str, str], ...]
    """(test, what its numbers are) in the order of the columns' evidence."""
    columns: tuple[DriftColumn, ...]


@dataclass(frozen=True)
class Other:
    """A report that no section knows: its values as they are."""

    name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Page:
    """The whole page."""

    title: str
    project: str
    pipeline: str
    about: str
    status: Status
    verdict: str
    facts: tuple[Fact, ...]
    parameters: tuple[Fact, ...]
    notes: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    graph: Markup | None
    steps: tuple[StepRow, ...]
    datasets: tuple[Dataset, ...]
    trainings: tuple[Training, ...]
    searches: tuple[Search, ...]
    gates: tuple[Gate, ...]
    models: tuple[Model, ...]
    monitors: tuple[Monitor, ...]
    others: tuple[Other, ...]

    def contents(self) -> Sequence[tuple[str, str]]:
        """Return (anchor, heading) of the sections that there are."""
        sections = (
            ("trouble", "What went wrong", self.troubles),
            ("graph", "Pipeline", self.graph),
            ("data", "Data checks", self.datasets),
            ("metrics", "Metrics", self.trainings),
            ("tuning", "Tuning", self.searches),
            ("gates", "Gates", self.gates),
            ("registry", "Registry", self.models),
            ("drift", "Drift", self.monitors),
            ("steps", "Steps", self.steps),
            ("reports", "Further reports", self.others),
        )
        return tuple((anchor, heading) for anchor, heading, content in sections if content)


JsonMap = Mapping[str, Any]
