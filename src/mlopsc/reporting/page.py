"""The page: sections made from facts, laid out by templates in which every value is escaped."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from mlopsc.drawing import svg
from mlopsc.pages.environment import template
from mlopsc.pages.sections import Fact, Other, Page
from mlopsc.pages.statuses import status
from mlopsc.pages.words import shown
from mlopsc.reporting import data, drift, learning, overview, registered
from mlopsc.reporting.facts import Facts
from mlopsc.reporting.tuned import tuned
from mlopsc.vocabulary.operations import JUDGES

_SEARCH = ("propose", "trial", "collect_trials", "score_search")
_KNOWN = frozenset({"validate", "evaluate", "explain", "register", "drift", "verdict", *_SEARCH})
_LISTED = 60


def render(facts: Facts) -> str:
    """Return the run's page: one HTML document that loads nothing and runs no script."""
    return template("page.html.j2").render(page=_page(facts))


def _page(facts: Facts) -> Page:
    recorded = facts.recorded
    plan, pipeline = recorded.plan, recorded.pipeline
    project = facts.project.name if plan is None else plan.project
    graph = None if pipeline is None else Markup(svg(pipeline, recorded.statuses(), heading=False))  # noqa: S704
    return Page(
        title=f"{project}: {recorded.run.pipeline}, {recorded.run.status}",
        project=project,
        pipeline=recorded.run.pipeline,
        about="" if pipeline is None else pipeline.title,
        status=status(recorded.run.status),
        verdict=overview.verdict(recorded),
        facts=overview.head_facts(facts),
        parameters=overview.parameters(recorded),
        notes=overview.notes(facts),
        troubles=tuple(overview.troubles(facts)),
        graph=graph,
        steps=overview.step_rows(facts),
        datasets=tuple(data.datasets(facts)),
        trainings=tuple(learning.trainings(facts)),
        searches=tuple(tuned(facts)),
        gates=tuple(learning.gates(facts)),
        models=tuple(registered.models(facts)),
        monitors=tuple(drift.monitors(facts)),
        others=tuple(_others(facts)),
    )


def _others(facts: Facts) -> Iterator[Other]:
    """Yield the reports of operations that have no section of their own, value by value.

    What a split found stands by its training's metrics, which there are none of when it was refused.
    """
    for step in facts.recorded.steps:
        known = step.operation in _KNOWN or step.operation.startswith(JUDGES)
        if known or (step.operation == "split" and step.status != "refused"):
            continue
        for port in step.outputs:
            document = facts.documents.get((step.name, port))
            if isinstance(document, dict):
                listed = tuple(Fact(name, shown(value)) for name, value in _flat("", document))
                yield Other(f"{step.name}.{port}", listed[:_LISTED])


def _flat(prefix: str, document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict) and value and len(value) <= _LISTED:
            yield from _flat(path, value)
        else:
            yield path, value
