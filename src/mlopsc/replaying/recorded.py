"""Runs that this project's journal knows: local ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.history import Recorded, open_journal
from mlopsc.plan.plan import Artifact, Step
from mlopsc.replaying.remains import GATE
from mlopsc.runtime.decisions import Decision, read_json
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.references import Scalar

TRAIN = "train"
_MANY = 1_000_000


@dataclass(frozen=True)
class RecordedRun:
    """A local run, by what its steps made."""

    recorded: Recorded
    project: Path

    @property
    def name(self) -> str:
        return self.recorded.run.id

    @property
    def started(self) -> datetime:
        return self.recorded.run.started

    @property
    def status(self) -> str:
        return self.recorded.run.status

    @cached_property
    def trouble(self) -> str | None:
        try:
            known = self.recorded.plan is not None
        except ValidationError:
            known = False
        return None if known else "its plan was recorded by another version of mlopsc"

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        return dict(self.recorded.run.parameters)

    @cached_property
    def store(self) -> Store:
        return self.recorded.context(self.project).store()

    @cached_property
    def outputs(self) -> dict[str, Mapping[str, str]]:
        """Digests by step and port."""
        return {step.name: step.outputs for step in self.recorded.steps}

    def reached(self, gate: str, step: Step) -> bool:
        return bool(self.outputs.get(f"{GATE}{gate}")) or any(map(self.digest, step.inputs.values()))

    def decision(self, gate: str) -> Decision | str | None:
        digest = self.outputs.get(f"{GATE}{gate}", {}).get("decision")
        if digest is None:
            return None
        if not self.store.exists(digest):
            return "its decision is no longer in the store"
        try:
            found: Decision = read_json(self.store.get_path(digest))
        except MlopscError as error:
            return str(error)
        return found

    def digest(self, artifact: Artifact) -> str | None:
        return self.outputs.get(artifact.step, {}).get(artifact.port)


def recorded_runs(project: Path) -> Iterator[RecordedRun]:
    """Yield the project's local training runs."""
    with open_journal(project) as journal:
        if journal is None:
            return
        for run in journal.runs(_MANY):
            if run.pipeline == TRAIN:
                yield RecordedRun(Recorded(run, journal.steps(run.id), journal.plan(run.id)), project)
