"""`mlopsc track`: what waits for MLflow, and sending it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    Spec,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.runtime.context import Context
from mlopsc.runtime.redaction import redacting
from mlopsc.runtime.tracking.flushing import flush as send_waiting
from mlopsc.runtime.tracking.location import tracking_url
from mlopsc.runtime.tracking.queue import Waiting, waiting
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.tracking import Tracking

app = new_app()


@app.callback()
def track() -> None:
    """List what waits for MLflow, and send it.

    Runs send what waits by themselves; this is for a server that was down when the last of them ended.
    """


@app.command("list")
def list_waiting(
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """List what waits in the store because MLflow could not be told."""
    asked = _asked(spec, environment, var)
    found = waiting(asked.context.store(), asked.project)
    if json:
        output.json_object({"waiting": [_entry(one) for one in found]})
        return
    if not found:
        output.say("nothing waits")
        return
    rows = [[one.event["training"], _time(one), one.id] for one in found]
    output.table(["training", "since (UTC)", "event"], rows)


@app.command()
def flush(
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Send what waits; exit status 3 when the server does not take all of it."""
    asked = _asked(spec, environment, var)
    server = asked.tracking.mlflow
    secret = (
        [tracking_url(server, asked.secrets, asked.context.project)]
        if isinstance(server, SecretHandle)
        else []
    )
    with redacting(secret):
        done = send_waiting(asked.context, asked.project, server, asked.secrets)
    if json:
        output.json_object(
            {
                "destination": done.destination,
                "sent": [_entry(one) for one in done.sent],
                "waiting": [_entry(one) for one in done.left],
            }
        )
    elif done.sent or not done.left:
        output.say(f"{len(done.sent)} sent to {done.destination}" if done.sent else "nothing waits")
    if done.left:
        raise MlopscError(
            f"{len(done.left)} still wait in {asked.context.store_location}: {'; '.join(done.problems)}",
            help="nothing is lost: call it again when the server answers",
        )


@dataclass(frozen=True)
class _Asked:
    """What the spec says of tracking."""

    context: Context
    project: str
    tracking: Tracking
    secrets: dict[str, SecretSource]


def _asked(spec: Path, environment: str | None, var: list[str] | None) -> _Asked:
    path, variables = existing(spec), pairs(var, "--var")
    found = running.project_spec(path, environment=environment, variables=variables)
    if found is None or found.infrastructure.tracking is None or found.project is None:
        raise UsageError(
            f"{path} says nowhere that runs are tracked",
            help="declare it: infrastructure.tracking.mlflow, the URL of MLflow's server",
        )
    return _Asked(
        running.project_context(path, environment=environment, variables=variables),
        found.project.name,
        found.infrastructure.tracking,
        {name: source for name, source in found.secrets.items() if source is not None},
    )


def _entry(one: Waiting) -> dict[str, str]:
    return {"event": one.id, "training": one.event["training"], "at": _time(one)}


def _time(one: Waiting) -> str:
    return f"{datetime.fromtimestamp(one.at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
