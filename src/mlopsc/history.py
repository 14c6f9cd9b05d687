"""Earlier runs of a project: found by their id, a part of it, or as the latest, with the plan that they carried out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.plan import Infrastructure, Pipeline, Plan
from mlopsc.plan.result import RunResult, StepResult
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.journal import Journal, Run, StepRun
from mlopsc.summary import RunSummary, summarize_in

_MANY = 1_000_000

_Model = TypeVar("_Model", StepResult, RunResult)


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

    def context(self, project: Path) -> Context:
        """Return the surroundings in which it ran: its registry and its store."""
        infrastructure = Infrastructure() if self.plan is None else self.plan.infrastructure
        return Context(project, infrastructure.registry, infrastructure.store, run=self.run.id)

    def summary(self, project: Path) -> RunSummary:
        """Return what it came to; a run that has not ended, or crashed, has that word for its status."""
        places = {} if self.pipeline is None else {one.name: str(one.source) for one in self.pipeline.steps}
        steps = tuple(
            _unchecked(
                StepResult,
                name=one.name,
                operation=one.operation,
                status=one.status,
                seconds=one.seconds,
                outputs=dict(one.outputs),
                reason=one.error,
                source=places.get(one.name),
            )
            for one in self.steps
        )
        result = _unchecked(
            RunResult,
            run=self.run.id,
            pipeline=self.run.pipeline,
            target="local",
            status=self.run.status,
            steps=steps,
            parameters=dict(self.run.parameters),
        )
        return summarize_in(result, self.context(project), self.pipeline)


@contextmanager
def open_journal(project: Path) -> Iterator[Journal | None]:
    """Open a project's journal, None where nothing ran yet."""
    if not (project / STATE_FOLDER / "journal.db").is_file():
        yield None
        return
    with Journal.of_project(project) as journal:
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
            raise _nothing(project, given, pipeline, step, _known_steps(journal))
        return Recorded(found, journal.steps(found.id), journal.plan(found.id))


def _unchecked(model: type[_Model], **fields: Any) -> _Model:
    """Return a result whose status may be one that only the journal knows: of what has not ended, or crashed."""
    return model.model_construct(**fields)


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
    """Return the latest run that fits; of those with a step, the latest in which it made something, if any."""
    barren = None
    for run in journal.runs(_MANY):
        if pipeline is not None and run.pipeline != pipeline:
            continue
        if step is None:
            return run
        made = [one.outputs for one in journal.steps(run.id) if one.name == step]
        if any(made):
            return run
        barren = barren or (run if made else None)
    return barren


def _known_steps(journal: Journal | None) -> list[str]:
    if journal is None:
        return []
    return [step.name for run in journal.runs(20) for step in journal.steps(run.id)]


def _nothing(
    project: Path, given: str | None, pipeline: str | None, step: str | None, steps: Sequence[str]
) -> UsageError:
    if given:
        return UsageError(f"there is no run {given!r} in {project}", help="`mlopsc runs` lists them")
    if step and steps:
        help = did_you_mean(step, steps, noun="there are", limit=30)
        return UsageError(f"no run in {project} has a step {step!r}", help=help)
    what = f" of {pipeline}" if pipeline else ""
    what += f" with a step {step!r}" if step else ""
    return UsageError(f"there is no run{what} in {project} yet", help="`mlopsc run` makes one")
