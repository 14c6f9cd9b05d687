"""`mlopsc monitor`: drift of a registered model's inputs."""

from typing import Annotated

import typer

from mlopsc import building, running
from mlopsc.cli import output
from mlopsc.cli.execute import execute
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    NoCache,
    Parameters,
    Spec,
    Target,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.cli.remote import (
    CaFile,
    Experiment,
    Host,
    Namespace,
    NoWait,
    TokenVariable,
    remote_of,
    start,
)

app = new_app()


@app.command()
def monitor(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A monitor of the spec.")],
    spec: Spec = DEFAULT,
    target: Target = None,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    no_cache: NoCache = False,
    host: Host = None,
    experiment: Experiment = None,
    namespace: Namespace = None,
    token_env: TokenVariable = None,
    ca_file: CaFile = None,
    no_wait: NoWait = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare a model's inputs of today with those it was trained on; exit status 5 when they drift."""
    on = target or "local"
    remote = remote_of(
        on,
        host,
        experiment=experiment,
        namespace=namespace,
        token_env=token_env,
        ca_file=ca_file,
        no_wait=no_wait,
    )
    path = existing(spec)
    build = building.build_plan(path, environment=environment, variables=pairs(var, "--var"), target=on)
    output.diagnostics(build.diagnostics)
    running.find_monitor(build.plan, name)
    request = running.make_request(build.plan, path, name, pairs(set, "--set"))
    if remote is not None and no_wait:
        start(request, on, remote, json=json)
        return
    summary = execute(request, target=on, no_cache=no_cache, remote=remote, json=json, debug=debug)
    raise typer.Exit(summary.exit_code)
