"""How targets carry a step out: from files to files, or from digests to digests through store and cache."""

import os
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import Refusal, StepFailed
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.operations import modules_for, run_operation
from mlopsc.runtime.tasks import ENTRY, Task, commit, literal_operation, prepare, require_accepted, stage
from mlopsc.runtime.workers import Workers
from mlopsc.vocabulary.references import Scalar

PROJECT_VARIABLE = "MLOPSC_PROJECT"
ACTOR_VARIABLE = "MLOPSC_ACTOR"


def surroundings(
    project: Path | None = None, registry_url: str | None = None, store_url: str | None = None
) -> Context:
    """Return the context of a step on a target: the project is `MLOPSC_PROJECT`, else the working directory."""
    folder = project or Path(os.environ.get(PROJECT_VARIABLE, "."))
    return Context(
        project=folder.resolve(),
        registry_url=registry_url,
        store_url=store_url,
        actor=os.environ.get(ACTOR_VARIABLE, "unknown"),
    )


def run_files(
    configuration: Mapping[str, Any],
    *,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    parameters: Mapping[str, Scalar] | None = None,
    registry_url: str | None = None,
    store_url: str | None = None,
) -> None:
    """Carry a step out in this process, from input files to output files.

    Raises Refusal when a declared rule says no (the outputs are written then), and whatever the operation raises.
    """
    for path in outputs.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    run_operation(
        literal_operation(configuration, parameters or {}),
        {port: Path(path) for port, path in inputs.items()},
        {port: Path(path) for port, path in outputs.items()},
        surroundings(None, registry_url, store_url),
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
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=base) as temporary:
        folder = Path(temporary)
        request = stage(prepared, context, store, folder)
        started = time.monotonic()
        log = folder / "log"
        outcome = _workers().run(
            ENTRY,
            request,
            log=log,
            env=task.env,
            cwd=context.project,
            timeout=timeout,
            modules=modules_for(type(operation)),
        )
        if outcome.kind not in ("ok", "refusal"):
            written = log.read_text("utf-8", "replace") if log.is_file() else ""
            raise StepFailed(
                f"step {name} failed: {outcome.type + ': ' if outcome.type else ''}{outcome.message}",
                help=outcome.help,
            ) from (RuntimeError(written[-4000:]) if written else None)
        refusal = outcome.message if outcome.kind == "refusal" else None
        seconds = time.monotonic() - started
        record = commit(prepared, context, store, folder, seconds=seconds, refusal=refusal)
    if refusal is not None:
        raise Refusal(refusal, help=outcome.help)
    return dict(record.outputs)


@cache
def _workers() -> Workers:
    """Return the one zygote of this process, which each step is a fork of."""
    return Workers()


__all__ = ["PROJECT_VARIABLE", "run_files", "run_stored", "surroundings"]
