"""What is known of a run: its steps, the JSON that they made, the ends of their logs, its models in the registry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.history import Recorded
from mlopsc.plan.plan import Step
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.decisions import read_json

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Holder, LedgerEntry, Registry, Version

_JSON = frozenset({"report", "metrics", "decision"})
_LARGEST = 8_000_000
"""Bytes of an artifact that a page may be made of."""
_LOG_LINES, _LOG_BYTES = 40, 12_000
_LEDGER = 12


@dataclass(frozen=True)
class ModelFacts:
    """A model in the registry. `version` is the one that this run made or judged, or whose profile it used."""

    name: str
    version: "Version | None" = None
    versions: int = 0
    holders: "tuple[Holder, ...]" = ()
    entries: "tuple[LedgerEntry, ...]" = ()
    """The end of its ledger, newest first."""
    problem: str | None = None
    """Why the registry could not be asked."""


@dataclass(frozen=True)
class Facts:
    """Everything that a page is made from."""

    recorded: Recorded
    project: Path
    plan_steps: Mapping[str, Step]
    documents: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """(step, port) → content of a JSON artifact."""
    unread: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(step, port) → why it could not be read."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """Step → the end of its log."""
    models: tuple[ModelFacts, ...] = ()

    def of(self, operation: str, port: str) -> Iterator[tuple[str, Any]]:
        """Yield step and document of each step of an operation that has one."""
        for step in self.recorded.steps:
            if step.operation == operation and (step.name, port) in self.documents:
                yield step.name, self.documents[step.name, port]


def gather(recorded: Recorded, project: Path) -> Facts:
    """Read what the run made; what cannot be read is told in its place, and never an error."""
    plan, pipeline = recorded.plan, recorded.pipeline
    steps = {} if pipeline is None else {step.name: step for step in pipeline.steps}
    infrastructure = None if plan is None else plan.infrastructure
    context = Context(
        project,
        None if infrastructure is None else infrastructure.registry,
        None if infrastructure is None else infrastructure.store,
    )
    documents: dict[tuple[str, str], Any] = {}
    unread: dict[tuple[str, str], str] = {}
    for step, port, digest in _json_outputs(recorded, steps):
        try:
            documents[step, port] = _read(context, digest)
        except (MlopscError, OSError) as error:
            unread[step, port] = str(error)
    logs = {step.name: tail for step in recorded.steps if (tail := _log(project, recorded.run.id, step.log))}
    models = tuple(_models(recorded, steps, documents, context))
    return Facts(recorded, project, steps, documents, unread, logs, models)


def _json_outputs(recorded: Recorded, steps: Mapping[str, Step]) -> Iterator[tuple[str, str, str]]:
    for step in recorded.steps:
        planned = steps.get(step.name)
        for port, digest in step.outputs.items():
            if planned is not None and planned.outputs.get(port) in _JSON:
                yield step.name, port, digest


def _read(context: Context, digest: str) -> Any:
    path = context.store().get_path(digest)
    if path.stat().st_size > _LARGEST:
        raise MlopscError(f"it is larger than {_LARGEST // 1_000_000} MB")
    return read_json(path)


def _log(project: Path, run: str, name: str | None) -> str | None:
    if name is None:
        return None
    path = project / STATE_FOLDER / "runs" / run / name
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    if size > _LOG_BYTES:
        lines = lines[1:]
    return "\n".join(lines[-_LOG_LINES:]).strip("\n") or None


def _models(
    recorded: Recorded, steps: Mapping[str, Step], documents: Mapping[tuple[str, str], Any], context: Context
) -> Iterator[ModelFacts]:
    wanted: dict[str, tuple[str | None, str | None]] = {}
    for step in steps.values():
        configuration = step.configuration
        if step.operation == "register":
            found = documents.get((step.name, "decision")) or {}
            wanted[configuration["model"]] = (found.get("model_digest"), None)
        elif "model" in configuration and "stage" in configuration:
            wanted.setdefault(configuration["model"], (None, configuration["stage"]))
    if not wanted:
        return
    try:
        with context.registry() as registry:
            for model, (digest, stage) in wanted.items():
                yield _model(registry, model, digest, stage, recorded.run.id)
    except MlopscError as error:
        for model in wanted:
            yield ModelFacts(model, problem=str(error))


def _model(registry: "Registry", model: str, digest: str | None, stage: str | None, run: str) -> ModelFacts:
    versions = registry.versions(model)
    found = None
    if digest is not None:
        same = [version for version in versions if version.digest == digest]
        found = next((version for version in same if version.run == run), same[-1] if same else None)
    elif stage is not None:
        found = registry.champion(model, stage)
    history = registry.history(model)
    return ModelFacts(model, found, len(versions), registry.holders(model), history[::-1][:_LEDGER])
