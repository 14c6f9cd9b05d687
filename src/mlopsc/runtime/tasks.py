"""One step, ready to be carried out: its key, whether its result is there already, and how to get it if not.

The life of a task: `prepare` looks it up, `stage` lays out its files, `carry_out` runs it (in whatever process),
`commit` puts what it made into the store, the record last.
"""

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError, Refusal, StepFailed, StoreError
from mlopsc.runtime import operations
from mlopsc.runtime.actions import Action, ActionCache, ActionRecord, Miss, explain_miss
from mlopsc.runtime.atomic import cannot_write
from mlopsc.runtime.context import Context, read_secret
from mlopsc.runtime.keys import Task, action_of, can_change, library_version
from mlopsc.runtime.redaction import redacting
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.misfits import first_misfit
from mlopsc.vocabulary.operations import Load, Materialize, Operation, Track, read_operation
from mlopsc.vocabulary.references import Scalar, substitute

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
ENTRY = "mlopsc.runtime.tasks:carry_out"
"""What a worker calls."""


@dataclass(frozen=True)
class Prepared:
    """A task with its key, and either its result or the reasons why it must run."""

    task: Task
    action: Action
    record: ActionRecord | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Committed:
    """What a task that ran has left: its record, and how that compares with what was known."""

    record: ActionRecord
    unchanged: bool = False
    """Of an observe task: it saw what an earlier look with the same key had seen."""
    kept: bool = True
    """Whether the result can be reused; not when what it read or its code changed meanwhile."""


def literal_operation(configuration: Mapping[str, Any], parameters: Mapping[str, Scalar]) -> Operation:
    """Return the operation of a configuration with its parameters filled in.

    Raises MlopscError when a parameter is missing or its value does not suit the place.
    """
    try:
        filled = substitute(configuration, parameters)
        return read_operation(filled)
    except KeyError as error:
        raise MlopscError(
            f"parameter {error.args[0]!r} has no value", help=f"set it: --set {error.args[0]}=…"
        ) from error
    except ValidationError as error:
        misfit = first_misfit(configuration, error, parameters)
        entry = (
            f"gates.{configuration['name']}" if "gate" in configuration else configuration.get("operation")
        )
        raise MlopscError(misfit.told(str(entry)), help=misfit.help) from error


def prepare(
    task: Task,
    context: Context,
    store: Store,
    *,
    force: str | None = None,
    look: bool = True,
    note: bool = True,
) -> Prepared:
    """Look a task's result up; `force` is a reason to run it whatever there is.

    Where only a run can tell what it observes, it must run; without `look`, what it saw last is taken instead. With
    `note`, a hit is remembered as the step's latest action, which later misses are explained by.
    """
    cache, operation = ActionCache(store), task.operation
    action = action_of(task, context)
    if force is not None:
        return Prepared(task, action, None, (force,))
    if look and operation.kind == "observe" and action.components["world"] is None:
        reasons = explain_miss(cache.latest(task.pipeline, task.step), action.components)
        return Prepared(task, action, None, tuple(reasons) or ("only a run can tell what it observes",))
    found = _lookup(cache, task, action, use=note)
    if isinstance(found, ActionRecord):
        if not _still_true(task, context):
            return Prepared(task, action, None, ("the registry does not hold its effect",))
        if note:
            _remember(cache, task, action)
        return Prepared(task, action, found)
    if found.reason is not None:
        return Prepared(task, action, None, (found.reason,))
    reasons = explain_miss(cache.latest(task.pipeline, task.step), action.components)
    return Prepared(task, action, None, tuple(reasons) or ("its result is no longer in the store",))


def made_meanwhile(prepared: Prepared, context: Context, store: Store) -> ActionRecord | None:
    """Return the result of this very action if another run has made it since it was looked up."""
    task, action = prepared.task, prepared.action
    if task.operation.kind == "observe" and action.components["world"] is None:
        return None
    found = _lookup(ActionCache(store), task, action, use=True)
    return found if isinstance(found, ActionRecord) and _still_true(task, context) else None


def lay_out(prepared: Prepared, store: Store, folder: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return verified input files and fresh output paths below `folder`, both by port.

    Raises StoreError when an input is missing or damaged, or the folder cannot be made.
    """
    task = prepared.task
    outputs = {port: folder / port for port in task.operation.output_ports()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in outputs.values():
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return {port: store.get_path(digest) for port, digest in task.inputs.items()}, outputs


def stage(prepared: Prepared, context: Context, store: Store, folder: Path) -> dict[str, Any]:
    """Lay a task out and return the request, in JSON, with which `carry_out` runs it; raises StoreError."""
    inputs, outputs = lay_out(prepared, store, folder)
    context = _having_seen(prepared, context)
    return {
        "configuration": prepared.task.operation.model_dump(mode="json"),
        "inputs": {port: str(path) for port, path in inputs.items()},
        "outputs": {port: str(path) for port, path in outputs.items()},
        "context": {**asdict(context), "project": str(context.project)},
    }


def carry_out(request: Mapping[str, Any]) -> None:
    """Run a staged task in this process; raises what the operation raises, Refusal only if it may refuse.

    A full or broken disk is a StoreError that names the file, or where the operation does not say it the folder.
    """
    context = Context(**{**request["context"], "project": Path(request["context"]["project"])})
    outputs = {port: Path(path) for port, path in request["outputs"].items()}
    try:
        perform(
            read_operation(request["configuration"]),
            {port: Path(path) for port, path in request["inputs"].items()},
            outputs,
            context,
        )
    except OSError as error:
        if error.errno not in _DISK or not outputs:
            raise
        where = Path(error.filename) if error.filename else next(iter(outputs.values())).parent
        raise cannot_write(where, OSError(error.errno, os.strerror(error.errno))) from error


def perform(
    operation: Operation, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Carry an operation out with its secrets masked in all that it says.

    Raises what the operation raises; a Refusal of one that declares no rule is StepFailed.
    """
    try:
        with redacting(_secret_values(operation, context)):
            operations.run_operation(operation, inputs, outputs, context)
    except Refusal as error:
        if operation.refuses:
            raise
        raise StepFailed(f"{type(error).__name__}: {error}", help=error.help) from error


def commit(
    prepared: Prepared,
    context: Context,
    store: Store,
    folder: Path,
    *,
    seconds: float,
    refusal: str | None = None,
    guard: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Committed:
    """Put what a task made into the store and record it.

    Not recorded for reuse when what it read changed meanwhile: its result belongs to no key. `guard` is entered while
    the record is written, and raises when the work is not the caller's any more. Raises StepFailed when an output is
    missing, StoreError when the store cannot be written.
    """
    task, cache, outputs = prepared.task, ActionCache(store), {}
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
    if can_change(task.operation) and not _holds(prepared, context):
        return Committed(record, kept=False)
    before = cache.lookup(record.key) if task.operation.kind == "observe" else None
    with guard():
        cache.save(record)
    _remember(cache, task, prepared.action)
    return Committed(record, unchanged=isinstance(before, ActionRecord) and dict(before.outputs) == outputs)


def require_accepted(task: Task, record: ActionRecord) -> None:
    """Raise Refusal when the recorded result is one that a declared rule stopped."""
    if record.status == "refused":
        raise Refusal(record.message or f"{task.step} was refused", outputs=record.outputs)


def _lookup(cache: ActionCache, task: Task, action: Action, *, use: bool) -> ActionRecord | Miss:
    """Look an action up; a record from before the operation had all its outputs is none."""
    found = cache.lookup(action.key, use=use)
    if isinstance(found, ActionRecord):
        for port in task.operation.output_ports():
            if port not in found.outputs:
                return Miss(f"its cached result has no output {port!r}")
    return found


def _still_true(task: Task, context: Context) -> bool:
    operation = task.operation
    return operation.kind != "effect" or operations.confirmed(operation, task.inputs, context)


def _holds(prepared: Prepared, context: Context) -> bool:
    """Whether the key would still be the same; a source that is gone, or code that is none any more, is a change."""
    try:
        return action_of(prepared.task, _having_seen(prepared, context)).key == prepared.action.key
    except MlopscError:
        return False


def _having_seen(prepared: Prepared, context: Context) -> Context:
    world = prepared.action.components["world"]
    return context if world is None else replace(context, seen=world)


def _remember(cache: ActionCache, task: Task, action: Action) -> None:
    with contextlib.suppress(StoreError):  # it only explains
        cache.remember(task.pipeline, task.step, action.components)


def _secret_values(operation: Operation, context: Context) -> list[str]:
    """Return the values of all secrets that an operation may read; what has none is told when it is read."""
    declared = operation.secrets if isinstance(operation, Load | Materialize | Track) else {}
    values = []
    for name in declared:
        with contextlib.suppress(MlopscError):
            values.append(read_secret(name, declared, context.project))
    return values


__all__ = [
    "ENTRY",
    "Committed",
    "Prepared",
    "Task",
    "carry_out",
    "commit",
    "lay_out",
    "library_version",
    "literal_operation",
    "made_meanwhile",
    "perform",
    "prepare",
    "require_accepted",
    "stage",
]
