"""Metrics of a run's trainings with their figures, and what its gates decided."""

from collections.abc import Iterator

from mlopsc.figures import training_figures
from mlopsc.pages.learning import gate, training_of
from mlopsc.pages.sections import Gate, Training
from mlopsc.reporting.facts import Facts
from mlopsc.vocabulary.operations import JUDGES


def trainings(facts: Facts) -> Iterator[Training]:
    """Yield the trainings that were evaluated."""
    splits = {one["training"]: one for _, one in facts.of("split", "report")}
    explanations = {one["training"]: one for _, one in facts.of("explain", "explanation")}
    for step, found in facts.of("evaluate", "metrics"):
        curves = facts.documents.get((step, "curves"))
        drawn = tuple(training_figures(found, curves, explanations.get(found["training"])))
        yield training_of(found, curves, splits.get(found["training"]), drawn)


def gates(facts: Facts) -> Iterator[Gate]:
    """Yield the gates that were judged."""
    for step in facts.recorded.steps:
        if step.operation.startswith(JUDGES) and (step.name, "decision") in facts.documents:
            yield gate(facts.documents[step.name, "decision"])
