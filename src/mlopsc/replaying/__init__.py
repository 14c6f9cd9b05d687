"""Recorded runs, judged again by the gates that a spec has now: what edited thresholds would have said.

A gate looks at artifacts, and these are in the store. So it is judged by the very function that judged it in the
pipeline, on the files of the run. Local runs are in the project's journal (`recorded`); what runs elsewhere came to
is in the registry (`candidates`). What is gone is never guessed: it is told, and counted apart.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.history import find_run
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.replaying.again import Judging
from mlopsc.replaying.candidates import candidates
from mlopsc.replaying.recorded import TRAIN, recorded_runs
from mlopsc.replaying.remains import GATE, Remains
from mlopsc.runtime.decisions import Decision, failed
from mlopsc.vocabulary.operations import JUDGES
from mlopsc.vocabulary.time import parse_duration, parse_timestamp


@dataclass(frozen=True)
class Replayed:
    """One gate of one run, then and now."""

    gate: str
    blocks: bool
    """Its no refuses the run: no stage after the first requires it."""
    then: Decision | None
    """What was decided; None when the run had no such gate, or the decision is gone."""
    now: Decision | None
    """What the gate of today says; None when it cannot be judged again."""
    trouble: str | None = None
    """Why not."""

    @property
    def changed(self) -> bool:
        """Whether another verdict is known now than then; a gate that is new changes what it stops."""
        if self.now is None:
            return False
        return failed(self.now) if self.then is None else self.now["verdict"] != self.then["verdict"]


@dataclass(frozen=True)
class ReplayedRun:
    """A run, judged again."""

    run: str
    started: datetime
    status: str
    gates: tuple[Replayed, ...]

    @property
    def blocked_then(self) -> bool:
        """Whether a gate that blocks said no."""
        return any(one.blocks and one.then is not None and failed(one.then) for one in self.gates)

    @property
    def blocked_now(self) -> bool | None:
        """Whether a gate that blocks says no now; None when those that say nothing could."""
        asked = [one for one in self.gates if one.blocks]
        if any(one.now is not None and failed(one.now) for one in asked):
            return True
        return None if any(one.now is None for one in asked) else False


def replay(
    project: Path, plan: Plan, *, since: datetime | None = None, gates: Collection[str] = ()
) -> list[ReplayedRun]:
    """Return the training runs that began at or after `since`, newest first, judged by `plan`.

    They are those of the project's journal, and the candidates that the plan's registry knows of others: versions, and
    refusals. `gates` are the names of those to judge, all of the plan's without any. Runs that came to no gate are left
    out. Raises UsageError for a gate that the plan has not, and RegistryError when the registry cannot be read.
    """
    pipeline = plan.pipeline(TRAIN) if any(one.name == TRAIN for one in plan.pipelines) else None
    steps = {} if pipeline is None else _judges(pipeline)
    for name in gates:
        if name not in steps:
            raise UsageError(
                f"{plan.spec} declares no gate {name!r}", help=did_you_mean(name, steps, noun="there are:")
            )
    if pipeline is None:
        return []
    wanted = {name: step for name, step in steps.items() if not gates or name in gates}
    judging, blocking = Judging(project, pipeline), _blocking(pipeline)
    found = (
        _replayed(judging, one, wanted, blocking)
        for one in _remains(project, plan, pipeline)
        if since is None or one.started >= since
    )
    return sorted((run for run in found if run.gates), key=lambda run: run.started, reverse=True)


def moment(project: Path, text: str, *, now: datetime | None = None) -> datetime:
    """Return the moment that a date or time, a duration before now, or the id of a run (its beginning) means.

    Raises UsageError for anything else.
    """
    try:
        return (now or datetime.now(UTC)) - parse_duration(text)
    except ValueError:
        pass
    try:
        return parse_timestamp(text)
    except ValueError:
        pass
    try:
        return find_run(project, text).run.started
    except UsageError as error:
        raise UsageError(
            f"--since {text!r} is neither a date nor a duration, and {error}",
            help="expected a date such as 2026-03-01, a time back such as 30d, or the id of a run",
        ) from None


def _judges(pipeline: Pipeline) -> dict[str, Step]:
    return {
        step.name.removeprefix(GATE): step for step in pipeline.steps if step.operation.startswith(JUDGES)
    }


def _blocking(pipeline: Pipeline) -> frozenset[str]:
    """Return the gates whose no refuses a run: those that the first stage of a model requires, and free ones."""
    found: set[str] = set()
    for step in pipeline.steps:
        if step.operation == "register":
            found.update(step.configuration["stages"][0].get("gates", ()))
        elif step.operation == "verdict":
            found.update(port.removeprefix(GATE) for port in step.inputs if port.startswith(GATE))
    return frozenset(found)


def _remains(project: Path, plan: Plan, pipeline: Pipeline) -> list[Remains]:
    """Return what is left of all training runs, here and elsewhere."""
    runs = list(recorded_runs(project))
    decided = {
        digest
        for run in runs
        for step, made in run.outputs.items()
        if step.startswith(GATE)
        for digest in made.values()
    }
    others = candidates(project, plan, pipeline, runs=frozenset(run.name for run in runs), decisions=decided)
    return [*runs, *others]


def _replayed(
    judging: Judging, run: Remains, steps: Mapping[str, Step], blocking: Collection[str]
) -> ReplayedRun:
    """Return a run, judged again by these gates, as far as it came to what they look at."""
    gates = tuple(
        Replayed(name, name in blocking, *judging.judged(name, step, run))
        for name, step in steps.items()
        if run.reached(name, step)
    )
    return ReplayedRun(run.name, run.started, run.status, gates)
