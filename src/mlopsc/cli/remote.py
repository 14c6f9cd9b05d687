"""Options of commands that hand a run to a server: `--host` and what goes with it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mlopsc import building
from mlopsc.cli import output
from mlopsc.diagnostics.errors import UsageError
from mlopsc.targets import Remote, RunRequest

Host = Annotated[
    str | None, typer.Option("--host", metavar="URL", help="The server of the target that is to run it.")
]
Experiment = Annotated[
    str | None, typer.Option("--experiment", metavar="NAME", help="With --host: what to file the run under.")
]
Namespace = Annotated[
    str | None, typer.Option("--namespace", metavar="NAME", help="With --host: the namespace to run in.")
]
TokenVariable = Annotated[
    str | None,
    typer.Option("--token-env", metavar="NAME", help="With --host: the variable that holds a bearer token."),
]
CaFile = Annotated[
    Path | None, typer.Option("--ca-file", metavar="FILE", help="With --host: certificates to trust.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="With --host: start the run and do not follow it.")]


def remote_of(
    target: str,
    host: str | None,
    *,
    experiment: str | None,
    namespace: str | None,
    token_env: str | None,
    ca_file: Path | None,
    no_wait: bool,
) -> Remote | None:
    """Return the server that the options name, None without `--host`; raises UsageError for what does not fit."""
    others = {
        "--experiment": experiment,
        "--namespace": namespace,
        "--token-env": token_env,
        "--ca-file": ca_file,
        "--no-wait": no_wait,
    }
    if host is None:
        given = [name for name, value in others.items() if value]
        if given:
            raise UsageError(
                f"{', '.join(given)}: goes with --host alone", help="name the server: --host URL"
            )
        return None
    building.submitter(target)
    if not host.startswith(("http://", "https://")):
        raise UsageError(f"--host {host!r}: expected http://… or https://…")
    token = os.environ.get(token_env) if token_env else None
    if token_env and not token:
        raise UsageError(f"--token-env {token_env}: that environment variable is not set")
    if ca_file is not None and not ca_file.is_file():
        raise UsageError(f"--ca-file {ca_file}: there is no such file")
    return Remote(host, token, ca_file, namespace, experiment, wait=not no_wait, on_submitted=_tell)


def start(request: RunRequest, target: str, remote: Remote, *, json: bool) -> None:
    """Start a run and leave it to the server; where it can be seen is what is printed."""
    found: dict[str, str] = {}

    def remember(run: str, url: str) -> None:
        found.update(run=run, url=url)

    asked = Remote(**{**vars(remote), "on_submitted": remember})
    building.submitter(target).submit(request, asked)
    if json:
        output.json_object({"pipeline": request.pipeline.name, "target": target, **found})
    else:
        output.say(f"started {found['run']}: {found['url']}")


def _tell(run: str, url: str) -> None:
    output.tell(f"started {run}: {url}")
