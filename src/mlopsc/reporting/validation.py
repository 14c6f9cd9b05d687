"""One validation report as a page of its own: of a run's dataset, or of a table that was checked alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.pages.environment import template
from mlopsc.pages.sections import Dataset, Fact, Status
from mlopsc.pages.words import moment
from mlopsc.reporting import data
from mlopsc.reporting.facts import Facts
from mlopsc.runtime.checks.report import ValidationReport


@dataclass(frozen=True)
class ValidationPage:
    """The page."""

    title: str
    overline: str
    status: Status
    facts: Sequence[Fact]
    datasets: Sequence[Dataset]


def validation_page(report: ValidationReport, title: str = "Validation") -> str:
    """Return what `validate_table` found as one HTML document, which loads nothing and runs no script.

    It holds samples of the data: treat it as you treat them.
    """
    found = data.dataset({**report.document(), "dataset": "table"})
    return _rendered(ValidationPage(title, "", found.status, (), (found,)))


def render_dataset(facts: Facts, name: str) -> str:
    """Return the page of one dataset of a run; raises UsageError when the run checked none of this name."""
    found = {one.name: one for one in data.datasets(facts)}
    run = facts.recorded.run
    if name not in found:
        raise UsageError(
            f"run {run.id} checked no dataset {name!r}", help=did_you_mean(name, found, noun="it checked")
        )
    about = (Fact("Run", run.id), Fact("Pipeline", run.pipeline), Fact("Started", moment(run.started)))
    project = facts.project.name if facts.recorded.plan is None else facts.recorded.plan.project
    return _rendered(ValidationPage(name, project, found[name].status, about, (found[name],)))


def _rendered(page: ValidationPage) -> str:
    return template("validation.html.j2").render(page=page)
