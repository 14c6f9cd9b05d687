"""Candidates that runs elsewhere brought: on Prefect, on Kubeflow, on a colleague's machine.

No journal of this project knows these runs. What they judged stands in the registry: a version has its decisions and
artifacts, a refusal is an entry of the ledger with its decisions, and these name what the gates looked at.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.plan.plan import Artifact, Pipeline, Plan, Step
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision
from mlopsc.runtime.store import Store, canonical_json, digest_of_bytes
from mlopsc.vocabulary.operations import JUDGES
from mlopsc.vocabulary.references import Scalar

if TYPE_CHECKING:
    from mlopsc.runtime.registry import LedgerEntry, Version

_OF_OTHERS = ("champion", "reference")
"""Ports of gates that take nothing of the candidate."""


@dataclass(frozen=True)
class Candidate:
    """A candidate that a run registered, or that was refused."""

    name: str
    started: datetime
    status: str
    training: str
    parameters: Mapping[str, Scalar] | None
    decisions: Mapping[str, Decision]
    made: Mapping[Artifact, str]
    store: Store
    trouble: None = None

    def reached(self, gate: str, step: Step) -> bool:
        if step.configuration["gate"]["training"] != self.training:
            return False
        return gate in self.decisions or any(map(self.digest, step.inputs.values()))

    def decision(self, gate: str) -> Decision | None:
        return self.decisions.get(gate)

    def digest(self, artifact: Artifact) -> str | None:
        return self.made.get(artifact)


def candidates(
    project: Path, plan: Plan, pipeline: Pipeline, *, runs: Collection[str], decisions: Collection[str]
) -> Iterator[Candidate]:
    """Yield the candidates for the plan's models that the registry knows and the journal does not.

    `runs` are the ids of the journal's runs, and `decisions` the digests of what they decided. Raises RegistryError
    when the registry cannot be read.
    """
    context = Context(project, plan.infrastructure.registry, plan.infrastructure.store)
    registering = [_Registering.of(step, pipeline) for step in pipeline.steps if step.operation == "register"]
    if not registering:
        return
    store = context.store()
    with context.registry() as registry:
        for model in registering:
            for version in registry.versions(model.name):
                if version.run is None or version.run not in runs:
                    yield model.accepted(version, store)
            for entry in registry.history(model.name):
                if _of_a_run(entry) and not all(map(decisions.__contains__, _digests(entry))):
                    yield model.refused(entry, store)


@dataclass(frozen=True)
class _Registering:
    """How a model is registered today, which says where a candidate's artifacts stand in today's pipeline."""

    name: str
    training: str
    ports: Mapping[str, Artifact]
    """What gates and the registration take, by the port that takes it."""

    @classmethod
    def of(cls, step: Step, pipeline: Pipeline) -> "_Registering":
        training = step.configuration["training"]
        gates = [
            one
            for one in pipeline.steps
            if one.operation.startswith(JUDGES) and one.configuration["gate"]["training"] == training
        ]
        ports = {port: source for one in (*gates, step) for port, source in one.inputs.items()}
        judged = step.inputs.get("judged", step.inputs["model"])
        ports = {port: source for port, source in ports.items() if port not in _OF_OTHERS}
        return cls(step.configuration["model"], training, ports | {"model": judged, "candidate": judged})

    def accepted(self, version: "Version", store: Store) -> Candidate:
        artifacts = dict(version.artifacts)
        # A refitted model knows the test rows: the one that was judged is judged again.
        artifacts["model"] = artifacts.get("judged", artifacts["model"])
        return Candidate(
            name=version.name,
            started=version.created_at,
            status="registered",
            training=self.training,
            parameters=version.lineage.get("parameters", {}),
            decisions=version.decisions,
            made=self._made(artifacts) | self._seen(version.decisions),
            store=store,
        )

    def refused(self, entry: "LedgerEntry", store: Store) -> Candidate:
        return Candidate(
            name=f"{self.name} refused, ledger {entry.sequence}",
            started=entry.at,
            status="refused",
            training=self.training,
            parameters=None,
            decisions=entry.evidence,
            made=self._seen(entry.evidence),
            store=store,
        )

    def _seen(self, decisions: Mapping[str, Decision]) -> dict[Artifact, str]:
        """Return what decisions say that they looked at."""
        found: dict[Artifact, str] = {}
        for one in decisions.values():
            found |= self._made(one.get("inputs", {}))
        return found

    def _made(self, digests: Mapping[str, str]) -> dict[Artifact, str]:
        return {self.ports[port]: digest for port, digest in digests.items() if port in self.ports}


def _of_a_run(entry: "LedgerEntry") -> bool:
    """Whether a run was refused, and not a promotion by hand, whose evidence names the version."""
    return entry.action == "refuse" and not isinstance(entry.evidence.get("version"), int)


def _digests(entry: "LedgerEntry") -> Iterator[str]:
    return (digest_of_bytes(canonical_json(one)) for one in entry.evidence.values())
