"""`mlopsc track`: what waits for MLflow, and sending it."""

from datetime import UTC, datetime
from pathlib import Path

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
from mlopsc.cli.tracked import Tracked, tracked
from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.runtime.tracking.queue import Waiting, waiting

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
    rows = [[one.about, _time(one), one.id] for one in found]
    output.table(["about", "since (UTC)", "event"], rows)


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
    done = asked.send()
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


def _asked(spec: Path, environment: str | None, var: list[str] | None) -> Tracked:
    path = existing(spec)
    found = tracked(path, environment, pairs(var, "--var"))
    if found is None:
        raise UsageError(
            f"{path} says nowhere that runs are tracked",
            help="declare it: infrastructure.tracking.mlflow, the URL of MLflow's server",
        )
    return found


def _entry(one: Waiting) -> dict[str, str]:
    return {"event": one.id, "about": one.about, "at": _time(one)}


def _time(one: Waiting) -> str:
    return f"{datetime.fromtimestamp(one.at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
