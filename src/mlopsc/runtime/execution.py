"""How targets carry a step out: from files to files, or from digests to digests through store and cache."""

import os
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mlopsc.diagnostics import errors
from mlopsc.diagnostics.errors import Refusal, StepFailed
from mlopsc.runtime.atomic import cannot_write
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.operations import modules_for
from mlopsc.runtime.store import Store
from mlopsc.runtime.tasks import (
    ENTRY,
    Prepared,
    Task,
    commit,
    literal_operation,
    perform,
    prepare,
    require_accepted,
    stage,
)
from mlopsc.runtime.user_code import require_code
from mlopsc.runtime.workers import Outcome, Workers
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.references import Scalar

PROJECT_VARIABLE = "MLOPSC_PROJECT"
ACTOR_VARIABLE = "MLOPSC_ACTOR"
_LAST_WORDS = 4000  # characters of a failed step's log that go along with its failure


def surroundings(
    project: Path | None = None, registry_url: str | None = None, store_url: str | None = None
) -> Context:
    """Return the context of a step on a target: the project is `MLOPSC_PROJECT`, else the working directory."""
    folder = project or Path(os.environ.get(PROJECT_VARIABLE) or ".")
    return Context(
        project=folder.resolve(),
        registry_url=registry_url,
        store_url=store_url,
        actor=os.environ.get(ACTOR_VARIABLE) or "unknown",
    )


def run_files(
    configuration: Mapping[str, Any],
    *,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    parameters: Mapping[str, Scalar] | None = None,
    registry_url: str | None = None,
    store_url: str | None = None,
    code: str | None = None,
) -> None:
    """Carry a step out in this process, from input files to output files.

    `code` is the digest of the user code that the step was compiled for. Raises StepFailed when the project holds
    other code, Refusal when a declared rule says no (the outputs are written then), and whatever the operation raises.
    """
    context = surroundings(None, registry_url, store_url)
    if code is not None:
        require_code(context.project, functions_in(configuration), code)
    for path in outputs.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    perform(
        literal_operation(configuration, parameters or {}),
        {port: Path(path) for port, path in inputs.items()},
        {port: Path(path) for port, path in outputs.items()},
        context,
    )


def run_stored(
    name: str,
    configuration: Mapping[str, Any],
    *,
    pipeline: str,
    inputs: Mapping[str, str],
    parameters: Mapping[str, Scalar] | None = None,
    project: Path | None = None,
    registry_url: str | None = None,
    store_url: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    image: str | None = None,
) -> dict[str, str]:
    """Carry a step out through store and action cache, in a process of its own; return its output digests.

    Raises Refusal when a declared rule says no, StepFailed when the step crashes or takes more than `timeout` seconds.
    """
    context = surroundings(project, registry_url, store_url)
    store = context.store()
    operation = literal_operation(configuration, parameters or {})
    task = Task(pipeline, name, operation, inputs, dict(env or {}), image)
    prepared = prepare(task, context, store)
    if prepared.record is not None:
        require_accepted(task, prepared.record)
        return dict(prepared.record.outputs)
    base = context.project / STATE_FOLDER / "work"
    try:
        base.mkdir(parents=True, exist_ok=True)
        work = tempfile.TemporaryDirectory(prefix=f"{name}-", dir=base, ignore_cleanup_errors=True)
    except OSError as error:
        raise cannot_write(base, error) from error
    with work:
        folder = Path(work.name)
        started = time.monotonic()
        outcome = _outcome(prepared, context, store, folder, timeout)
        refusal = outcome.message if outcome.kind == "refusal" else None
        seconds = time.monotonic() - started
        record = commit(prepared, context, store, folder, seconds=seconds, refusal=refusal).record
    if refusal is not None:
        raise Refusal(refusal, help=outcome.help, outputs=record.outputs)
    return dict(record.outputs)


def failure(outcome: Outcome) -> str:
    """Say in one line how a step's process failed; what mlopsc itself raised needs no type's name."""
    named = outcome.kind == "failed" and not hasattr(errors, outcome.type)
    return f"{outcome.type}: {outcome.message}" if named else outcome.message


def _outcome(
    prepared: Prepared, context: Context, store: Store, folder: Path, timeout: float | None
) -> Outcome:
    """Run the task in a process of its own; raises StepFailed unless it ended well or was refused."""
    task, log = prepared.task, folder / "log"
    outcome = _workers(os.getpid()).run(
        ENTRY,
        stage(prepared, context, store, folder),
        log=log,
        env=task.env,
        cwd=context.project,
        timeout=timeout,
        modules=modules_for(type(task.operation)),
    )
    if outcome.kind in ("ok", "refusal"):
        return outcome
    written = log.read_text("utf-8", "replace") if log.is_file() else ""
    last_words = RuntimeError(written[-_LAST_WORDS:]) if written else None
    raise StepFailed(f"step {task.step} failed: {failure(outcome)}", help=outcome.help) from last_words


@cache
def _workers(process: int) -> Workers:  # noqa: ARG001 - a forked process needs a zygote of its own
    """Return the one zygote of this process, which each step is a fork of."""
    return Workers()


__all__ = ["ACTOR_VARIABLE", "PROJECT_VARIABLE", "failure", "run_files", "run_stored", "surroundings"]
