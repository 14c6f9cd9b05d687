"""Recorded runs, judged again by the gates that a spec has now: what edited thresholds would have said.

A gate looks at artifacts, and these are in the store. So it is judged by the very function that judged it in the
pipeline, on the files of the run. What is gone is never guessed: it is told, and counted apart.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.history import Recorded, find_run, open_journal
from mlopsc.plan.plan import Artifact, Pipeline, Plan, Step
from mlopsc.runtime.decisions import Decision, failed, read_json
from mlopsc.runtime.gates.judging import judge, settled
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.misfits import first_misfit
from mlopsc.vocabulary.operations import JUDGES, Judge, Operation
from mlopsc.vocabulary.time import parse_duration, parse_timestamp

TRAIN = "train"
_MANY = 1_000_000
_PREFIX = "gate_"


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
    """Return the project's recorded training runs that began at or after `since`, newest first, judged by `plan`.

    `gates` are the names of those to judge, all of the plan's without any. Runs that came to no gate are left out.
    Raises UsageError for a gate that the plan has not.
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
    judging = _Judging(project, pipeline, _blocking(pipeline))
    found = (judging.run(recorded, wanted) for recorded in _recorded(project, since))
    return [run for run in found if run.gates]


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
        step.name.removeprefix(_PREFIX): step for step in pipeline.steps if step.operation.startswith(JUDGES)
    }


def _blocking(pipeline: Pipeline) -> frozenset[str]:
    """Return the gates whose no refuses a run: those that the first stage of a model requires, and free ones."""
    found: set[str] = set()
    for step in pipeline.steps:
        if step.operation == "register":
            found.update(step.configuration["stages"][0].get("gates", ()))
        elif step.operation == "verdict":
            found.update(port.removeprefix(_PREFIX) for port in step.inputs if port.startswith(_PREFIX))
    return frozenset(found)


def _recorded(project: Path, since: datetime | None) -> Iterator[Recorded]:
    with open_journal(project) as journal:
        if journal is None:
            return
        for run in journal.runs(_MANY):
            if run.pipeline == TRAIN and (since is None or run.started >= since):
                yield Recorded(run, journal.steps(run.id), journal.plan(run.id))


@dataclass
class _Judging:
    """Judges what runs left in their stores; what was judged once is not judged again for a run that equals another."""

    project: Path
    pipeline: Pipeline
    blocking: frozenset[str]
    known: dict[str, Decision | str] = field(default_factory=dict)

    def run(self, recorded: Recorded, steps: Mapping[str, Step]) -> ReplayedRun:
        """Return a run, judged again by these gates, as far as it came to what they look at."""
        files = _Files(recorded, self.project)
        gates = tuple(
            self._gate(name, step, files) for name, step in steps.items() if files.reached(step, name)
        )
        run = recorded.run
        return ReplayedRun(run.id, run.started, run.status, gates)

    def _gate(self, name: str, step: Step, files: "_Files") -> Replayed:
        blocks = name in self.blocking
        if not files.readable:
            return Replayed(name, blocks, None, None, "its plan was recorded by another version of mlopsc")
        then = files.decision(step.name)
        if isinstance(then, str):
            return Replayed(name, blocks, None, None, then)
        now = self._now(step, files, then)
        if isinstance(now, str):
            return Replayed(name, blocks, then, None, now)
        return Replayed(name, blocks, then, now)

    def _now(self, step: Step, files: "_Files", then: Decision | None) -> Decision | str:
        """Return what a gate decides on a run's files, or why it cannot."""
        config = self._config(step, files.recorded)
        if isinstance(config, str):
            return config
        if config.again or config.measures:
            return _kept(config, step, files.recorded, then)
        digests = files.inputs(step.inputs, then)
        if isinstance(digests, str):
            return digests
        key = json.dumps([config.model_dump(mode="json"), digests], sort_keys=True)
        if key not in self.known:
            self.known[key] = self._judged(config, digests, files)
        return self.known[key]

    def _judged(self, config: Judge, digests: Mapping[str, str], files: "_Files") -> Decision | str:
        try:
            inputs = {port: files.store.get_path(digest) for port, digest in digests.items()}
            return judge(config, inputs, self.project)
        except MlopscError as error:
            return str(error)

    def _config(self, step: Step, recorded: Recorded) -> Judge | str:
        """Return today's gate with the parameters that the run had; or which has no value."""
        defaults = {name: one.default for name, one in self.pipeline.parameters.items()}
        given = defaults | dict(recorded.run.parameters)
        values = {name: value for name, value in given.items() if value is not None}
        missing = [name for name in step.parameters if name not in values]
        if missing:
            return f"the run had no parameter {missing[0]!r}, and it has no default"
        try:
            config = step.resolved(values)
        except ValidationError as error:
            misfit = first_misfit(step.configuration, error, values)
            return f"the gate makes no sense with the run's parameters: {misfit.told('.'.join(step.origin))}"
        if not isinstance(config, Judge):
            raise AssertionError(config)
        return config


def _kept(config: Judge, step: Step, recorded: Recorded, then: Decision | None) -> Decision | str:
    """Return what a gate that trains or measures again has found, if it asks the same today; else why not."""
    pipeline = recorded.pipeline
    before = (
        None if pipeline is None else next((one for one in pipeline.steps if one.name == step.name), None)
    )
    if then is None or before is None:
        return f"what a {config.gate.type} gate finds is not in the store: it does it again"
    try:
        asked: Operation | None = before.resolved(recorded.run.parameters)
    except (KeyError, ValidationError):
        asked = None
    if not isinstance(asked, Judge) or _asks(asked) != _asks(config):
        return f"a {config.gate.type} gate that asks for something else has to do it again"
    found = then | {"verdict": "fail"} if then["verdict"] == "warn" else then
    return settled(found, config.gate)


def _asks(config: Judge) -> dict[str, Any]:
    return config.gate.model_dump(exclude={"severity"})


@dataclass(frozen=True)
class _Files:
    """What a run left in its store."""

    recorded: Recorded
    project: Path

    @cached_property
    def readable(self) -> bool:
        """Whether the plan can be read that the run carried out, which tells where its store is."""
        try:
            return self.recorded.plan is not None
        except ValidationError:
            return False

    @cached_property
    def store(self) -> Store:
        return self.recorded.context(self.project).store()

    @cached_property
    def _outputs(self) -> dict[str, Mapping[str, str]]:
        return {step.name: step.outputs for step in self.recorded.steps}

    def reached(self, step: Step, name: str) -> bool:
        """Whether the run judged this gate, or made something of its training that the gate looks at."""
        if self._outputs.get(f"{_PREFIX}{name}"):
            return True
        return any(self._outputs.get(one.step, {}).get(one.port) for one in step.inputs.values())

    def decision(self, step: str) -> Decision | str | None:
        """Return what was decided, None where the run had no such gate, and why where it cannot be read."""
        digest = self._outputs.get(step, {}).get("decision")
        if digest is None:
            return None
        if not self.store.exists(digest):
            return "its decision is no longer in the store"
        try:
            found: Decision = read_json(self.store.get_path(digest))
        except MlopscError as error:
            return str(error)
        return found

    def inputs(self, wanted: Mapping[str, Artifact], then: Decision | None) -> dict[str, str] | str:
        """Return the digests of what a gate looks at; or what of it was never made, or is gone.

        They are those that the decision names, and for what it does not name, those that the run's steps made.
        """
        judged: Mapping[str, Any] = {} if then is None else then.get("inputs", {})
        found: dict[str, str] = {}
        for port, source in wanted.items():
            digest = judged.get(port) or self._outputs.get(source.step, {}).get(source.port)
            if digest is None:
                return f"the run made no {port!r}, which the gate looks at now"
            if not self.store.exists(digest):
                return f"the artifact {port!r} is no longer in the store"
            found[port] = digest
        return found
