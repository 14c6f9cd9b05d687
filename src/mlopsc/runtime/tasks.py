"""One step, ready to be carried out: its key, whether its result is there already, and how to get it if not.

The life of a task: `prepare` looks it up, `stage` lays out its files, `carry_out` runs it (in whatever process),
`commit` puts what it made into the store, the record last.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError, Refusal, StepFailed
from mlopsc.runtime import operations
from mlopsc.runtime.actions import Action, ActionCache, ActionRecord, action_key, explain_miss
from mlopsc.runtime.context import Context
from mlopsc.runtime.store import Store
from mlopsc.runtime.user_code import closure, resolve_reference
from mlopsc.vocabulary.operations import OPERATION, Operation
from mlopsc.vocabulary.references import Scalar, substitute

ENTRY = "mlopsc.runtime.tasks:carry_out"
"""What a worker calls."""


@dataclass(frozen=True)
class Task:
    """A step with literal configuration and input digests."""

    pipeline: str
    step: str
    operation: Operation
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Port → digest."""
    env: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A task with its key, and either its result or the reasons why it must run."""

    task: Task
    action: Action
    record: ActionRecord | None
    reasons: tuple[str, ...] = ()


def literal_operation(configuration: Mapping[str, Any], parameters: Mapping[str, Scalar]) -> Operation:
    """Return the operation of a configuration with its parameters filled in.

    Raises MlopscError when a parameter is missing or its value does not suit the place.
    """
    try:
        filled = substitute(configuration, parameters)
        return OPERATION.validate_json(json.dumps(filled))
    except KeyError as error:
        raise MlopscError(
            f"parameter {error.args[0]!r} has no value", help=f"set it: --set {error.args[0]}=…"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MlopscError(f"{configuration.get('operation')}: {place}: {first['msg']}") from error


def prepare(task: Task, context: Context, store: Store, *, force: str | None = None) -> Prepared:
    """Look a task's result up; `force` is a reason to run it whatever there is."""
    cache, operation = ActionCache(store), task.operation
    action = _action(task, context)
    if force is not None:
        return Prepared(task, action, None, (force,))
    if operation.kind == "observe" and action.components["world"] is None:
        return Prepared(task, action, None, ("only a run can tell what it observes",))
    found = cache.lookup(action.key)
    if isinstance(found, ActionRecord):
        if operation.kind == "effect" and not operations.confirmed(operation, task.inputs, context):
            return Prepared(task, action, None, ("the registry does not hold its effect",))
        cache.remember(task.pipeline, task.step, action.components)
        return Prepared(task, action, found)
    if found.reason is not None:
        return Prepared(task, action, None, (found.reason,))
    reasons = explain_miss(cache.latest(task.pipeline, task.step), action.components)
    return Prepared(task, action, None, tuple(reasons) or ("its result is no longer in the store",))


def stage(prepared: Prepared, context: Context, store: Store, folder: Path) -> dict[str, Any]:
    """Return the request for `carry_out`: verified input files, fresh output paths below `folder`.

    Raises StoreError when an input is missing or damaged.
    """
    task = prepared.task
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {port: folder / port for port in task.operation.output_ports()}
    for path in outputs.values():
        path.unlink(missing_ok=True)
    return {
        "configuration": task.operation.model_dump(mode="json"),
        "inputs": {port: str(store.get_path(digest)) for port, digest in task.inputs.items()},
        "outputs": {port: str(path) for port, path in outputs.items()},
        "context": {**asdict(context), "project": str(context.project)},
    }


def carry_out(request: Mapping[str, Any]) -> None:
    """Run a staged task in this process; raises what the operation raises."""
    context = Context(**{**request["context"], "project": Path(request["context"]["project"])})
    operations.run_operation(
        OPERATION.validate_json(json.dumps(request["configuration"])),
        {port: Path(path) for port, path in request["inputs"].items()},
        {port: Path(path) for port, path in request["outputs"].items()},
        context,
    )


def commit(
    prepared: Prepared,
    context: Context,
    store: Store,
    folder: Path,
    *,
    seconds: float,
    refusal: str | None = None,
) -> ActionRecord:
    """Put what a task made into the store and record it.

    Not recorded for reuse when what it read changed meanwhile: its result belongs to no key. Raises StepFailed when
    an output is missing.
    """
    task, outputs = prepared.task, {}
    for port in task.operation.output_ports():
        path = folder / port
        if not path.is_file():
            raise StepFailed(f"step {task.step} ended without writing its output '{port}'")
        outputs[port] = store.put_file(path, move=True)
    record = ActionRecord(
        key=prepared.action.key,
        operation=task.operation.operation,
        outputs=outputs,
        status="ok" if refusal is None else "refused",
        message=refusal or "",
        components=prepared.action.components,
        seconds=seconds,
    )
    if _action(task, context).key == prepared.action.key:
        cache = ActionCache(store)
        cache.save(record)
        cache.remember(task.pipeline, task.step, prepared.action.components)
    return record


def require_accepted(task: Task, record: ActionRecord) -> None:
    """Raise Refusal when the recorded result is one that a declared rule stopped."""
    if record.status == "refused":
        raise Refusal(record.message or f"{task.step} was refused")


def _action(task: Task, context: Context) -> Action:
    operation, code = task.operation, {}
    for reference in operation.functions():
        code.update(closure(context.project, resolve_reference(reference).module))
    libraries = {name: library_version(name) for name in ("mlopsc", *operation.libraries)}
    return action_key(
        operation.operation,
        operation.model_dump(mode="json"),
        task.inputs,
        code=code,
        libraries=libraries,
        environment={name: task.env.get(name, os.environ.get(name)) for name in task.env},
        image=task.image,
        world=operations.fingerprint(operation, context) if operation.kind == "observe" else None,
    )


@cache
def library_version(name: str) -> str:
    """Return the installed version of a distribution, `absent` when there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


__all__ = [
    "ENTRY",
    "Prepared",
    "Task",
    "carry_out",
    "commit",
    "library_version",
    "literal_operation",
    "prepare",
    "require_accepted",
    "stage",
]
