"""Track: what a training came to is put where it waits for MLflow, and sent with all else that waits there."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json, write_json
from mlopsc.runtime.tracking.event import Event, event_id, event_of
from mlopsc.runtime.tracking.location import destination, tracking_url
from mlopsc.runtime.tracking.mirror import announce
from mlopsc.runtime.tracking.queue import enqueue, is_waiting, sent
from mlopsc.vocabulary.operations import Track

_PATIENCE = 10.0
"""Seconds that git has to tell the commit."""


def run(config: Track, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the event, let it wait, and send; a server that is down leaves it waiting, and is no error.

    Raises StoreError when the store cannot be written, MlopscError when MLflow is not installed or the server's secret
    has no value; the event waits even then.
    """
    from mlopsc.runtime.tracking.flushing import flush

    store = context.store()
    digests = {port: store.put_file(path) for port, path in inputs.items()}
    event = event_of(config, digests, lambda port: read_json(inputs[port]), context.project)
    for name in event["model"]["code"]:
        store.put_file(context.project / name)
    if sent(store, event_id(event), _place(config, context)) is None:
        for model, became in event["models"].items():
            if became["accepted"]:
                announce(store, config.project, config.experiment, model, f"{model} registered")
        enqueue(
            store,
            event,
            at=int(time.time() * 1000),
            circumstances=_circumstances(context),
            environment=digests["environment"],
        )
    write_json(outputs["report"], event)
    done = flush(context, config.project, config.mlflow, config.secrets)
    for problem in done.problems:
        print(f"warning: MLflow was not told: {problem}")
    if done.sent:
        print(f"{len(done.sent)} told to {done.destination}")
    if done.left:
        print(f"{len(done.left)} wait in the store, and are sent by the next run or `mlopsc track flush`")


def confirmed(config: Track, input_digests: Mapping[str, str], context: Context) -> bool:
    """Whether the server has this event, and nothing else of the project waits; the server itself is not asked."""
    store = context.store()

    def read(port: str) -> Any:
        return read_json(store.get_path(input_digests[port]))

    try:
        event: Event = event_of(config, input_digests, read, context.project)
        place = _place(config, context)
    except MlopscError:  # an input is lost, or the secret has no value here: the run will tell
        return False
    return sent(store, event_id(event), place) is not None and not is_waiting(store, config.project)


def _place(config: Track, context: Context) -> str:
    return destination(tracking_url(config.mlflow, config.secrets, context.project))


def _circumstances(context: Context) -> dict[str, str]:
    """Return what MLflow's pages show of a run beside its outcome: who, which run, which commit."""
    found = {
        "mlflow.user": context.actor,
        "mlopsc.run": context.run,
        "mlflow.source.git.commit": _commit(context),
    }
    return {name: value for name, value in found.items() if value}


def _commit(context: Context) -> str | None:
    """Return the commit of the project's folder, None where git knows none."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"],
            cwd=context.project, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
