"""The page of one evaluation: what a model is worth, for those who decide about it; no cell of the data is on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlopsc.figures import curve_figures, explanation_figures, slice_figures
from mlopsc.figures.figure import Figure
from mlopsc.pages import procedure
from mlopsc.pages.environment import template
from mlopsc.pages.judged import Judged
from mlopsc.pages.learning import gate, training_of
from mlopsc.pages.sections import Fact, Gate, Status, Training
from mlopsc.pages.statuses import status
from mlopsc.pages.words import moment, plural, short_digest
from mlopsc.vocabulary.gates import failed


@dataclass(frozen=True)
class DataRow:
    """A dataset behind the model."""

    name: str
    rows: str
    checks: str
    status: Status
    digest: str
    title: str


@dataclass(frozen=True)
class EvaluationPage:
    """The page."""

    title: str
    project: str
    name: str
    about: str
    status: Status
    verdict: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    training: Training
    gates: tuple[Gate, ...]
    deciding: tuple[Fact, ...]
    slices: tuple[Figure, ...]
    plots: tuple[Figure, ...]
    explanation: tuple[Figure, ...]
    population: tuple[Fact, ...]
    learning: tuple[Fact, ...]
    datasets: tuple[DataRow, ...]

    def contents(self) -> Sequence[tuple[str, str]]:
        """Return (anchor, heading) of the sections that there are."""
        sections = (
            ("metrics", "Metrics", self.training),
            ("gates", "Gates", self.gates),
            ("deciding", "Decisions", self.deciding),
            ("slices", "Slices", self.slices),
            ("plots", "Plots", self.plots),
            ("explanation", "What answers hang on", self.explanation),
            ("data", "Data", True),
            ("learning", "Training", self.learning),
        )
        return tuple((anchor, heading) for anchor, heading, content in sections if content)


def render_evaluation(judged: Judged) -> str:
    """Return one HTML document that loads nothing and runs no script."""
    return template("evaluation.html.j2").render(page=_page(judged))


def _page(judged: Judged) -> EvaluationPage:
    look, verdict = verdict_of(judged)
    return EvaluationPage(
        title=f"{judged.project}: evaluation of {judged.name}",
        project=judged.project,
        name=judged.name,
        about=(judged.said or {}).get("description") or "",
        status=look,
        verdict=verdict,
        facts=tuple(_head(judged)),
        notes=judged.unread,
        training=training_of(judged.metrics, judged.curves, judged.split),
        gates=tuple(map(gate, judged.decisions)),
        deciding=tuple(procedure.deciding(judged)),
        slices=tuple(slice_figures(judged.metrics)),
        plots=() if judged.curves is None else curve_figures(judged.curves),
        explanation=() if judged.explanation is None else tuple(explanation_figures(judged.explanation)),
        population=tuple(procedure.population(judged)),
        learning=tuple(procedure.learning(judged)),
        datasets=tuple(data_rows(judged)),
    )


def verdict_of(judged: Judged) -> tuple[Status, str]:
    """Return what the gates made of it: a word with a look, and a sentence."""
    refused = [one for one in judged.decisions if failed(one)]
    warned = [one for one in judged.decisions if one["verdict"] == "warn"]
    count = len(judged.decisions)
    if not count:
        return status("not judged"), "No gate judges it."
    if refused:
        names = ", ".join(one["name"] for one in refused)
        return status("refused"), f"{len(refused)} of {plural(count, 'gate')} refused it: {names}."
    if warned:
        names = ", ".join(one["name"] for one in warned)
        return status("warning"), f"No gate refused it; {len(warned)} of {count} warned: {names}."
    return status(
        "passed"
    ), f"{plural(count, 'gate')} passed." if count == 1 else f"All {count} gates passed."


def _head(judged: Judged) -> Iterator[Fact]:
    version, run = judged.version, judged.run
    if version is not None:
        yield Fact("Version", version.name)
        yield Fact("Holds", ", ".join(one.stage for one in judged.holders) or "no stage")
        yield Fact("Registered", moment(version.created_at))
        yield Fact("By", version.actor)
        yield Fact("Model", short_digest(version.digest), version.digest)
        if version.lineage.get("owner"):
            yield Fact("Owner", version.lineage["owner"])
    yield Fact("Training", judged.training)
    if run is not None:
        yield Fact("Run", run.id)
        yield Fact("Started", moment(run.started))
    elif version is not None and version.run is not None:
        yield Fact("Run", version.run)


def data_rows(judged: Judged) -> Iterator[DataRow]:
    """Yield the datasets behind the model, without a cell of them."""
    for report in judged.datasets:
        results = report["results"]
        passed = sum(one["passed"] for one in results)
        word = "failed" if not report["passed"] else "passed" if passed == len(results) else "warning"
        yield DataRow(
            name=report["dataset"],
            rows=f"{report['rows']:,}",
            checks=f"{passed} of {plural(len(results), 'check')}" if results else "none declared",
            status=status(word),
            digest=short_digest(report["data_digest"]),
            title=report["data_digest"],
        )
