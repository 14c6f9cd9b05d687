"""Earlier runs of a project: found by their id, a part of it, or as the latest, with the plan that they carried out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.runtime.journal import Journal, Run, StepRun

_MANY = 1_000_000


@dataclass(frozen=True)
class Recorded:
    """A run as the journal has it."""

    run: Run
    steps: tuple[StepRun, ...]
    plan_text: str | None

    @cached_property
    def plan(self) -> Plan | None:
        """The plan that it carried out; None when it recorded none."""
        return None if self.plan_text is None else Plan.model_validate_json(self.plan_text)

    @property
    def pipeline(self) -> Pipeline | None:
        """The pipeline that it carried out."""
        return None if self.plan is None else self.plan.pipeline(self.run.pipeline)

    def step(self, name: str) -> StepRun:
        """Return the step of that name; raises UsageError."""
        for step in self.steps:
            if step.name == name:
                return step
        known = [step.name for step in self.steps]
        raise UsageError(
            f"run {self.run.id} of {self.run.pipeline} has no step {name!r}",
            help=did_you_mean(name, known, noun="its steps are", limit=30),
        )

    def statuses(self) -> Mapping[str, str]:
        """Return the status of each step."""
        return {step.name: step.status for step in self.steps}


@contextmanager
def open_journal(project: Path) -> Iterator[Journal | None]:
    """Open a project's journal, None where nothing ran yet; runs whose process is gone are marked as crashed first."""
    if not (project / STATE_FOLDER / "journal.db").is_file():
        yield None
        return
    with Journal.of_project(project) as journal:
        for orphan in () if journal.read_only else journal.orphans():
            journal.mark_crashed(orphan.id)
        yield journal


def find_run(
    project: Path, given: str | None = None, *, pipeline: str | None = None, step: str | None = None
) -> Recorded:
    """Return the run that an id or an unambiguous part of one means, without one the latest; raises UsageError.

    A part is the id's beginning or its last letters. `pipeline` and `step` narrow the latest to runs of a pipeline, and
    to runs that have a step.
    """
    with open_journal(project) as journal:
        found = None
        if journal is not None:
            found = _named(journal, given) if given else _latest(journal, pipeline, step)
        if journal is None or found is None:
            raise _nothing(project, given, pipeline, step)
        return Recorded(found, journal.steps(found.id), journal.plan(found.id))


def _named(journal: Journal, given: str) -> Run | None:
    runs = journal.runs(_MANY)
    matching = [run for run in runs if run.id == given] or [
        run for run in runs if run.id.startswith(given) or run.id.rpartition("-")[2] == given
    ]
    if len(matching) > 1:
        shown = ", ".join(run.id for run in matching[:4]) + (", …" if len(matching) > 4 else "")
        raise UsageError(f"{len(matching)} runs begin with {given!r}: {shown}", help="give more of the id")
    return matching[0] if matching else None


def _latest(journal: Journal, pipeline: str | None, step: str | None) -> Run | None:
    for run in journal.runs(_MANY):
        if pipeline is not None and run.pipeline != pipeline:
            continue
        if step is None or any(one.name == step for one in journal.steps(run.id)):
            return run
    return None


def _nothing(project: Path, given: str | None, pipeline: str | None, step: str | None) -> UsageError:
    if given:
        return UsageError(f"there is no run {given!r} in {project}", help="`mlopsc runs` lists them")
    what = f" of {pipeline}" if pipeline else ""
    what += f" with a step {step!r}" if step else ""
    return UsageError(f"there is no run{what} in {project} yet", help="`mlopsc run` makes one")
