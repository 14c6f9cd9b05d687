"""`mlopsc run`: the train pipeline, here or on a target."""

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
from mlopsc.cli.progress import STYLES
from mlopsc.cli.remote import CaFile, Experiment, Host, Namespace, NoWait, TokenVariable, remote_of
from mlopsc.cli.remote import start as start_remote
from mlopsc.diagnostics.errors import UsageError
from mlopsc.plan.fans import fan_outs, merged
from mlopsc.targets import RunRequest

app = new_app()


@app.command()
def run(
    spec: Spec = DEFAULT,
    local: Annotated[bool, typer.Option("--local", help="Run on this machine (the default).")] = False,
    target: Target = None,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    training: Annotated[
        str | None, typer.Option("--training", metavar="NAME", help="Only this training and what it needs.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and why, and run nothing.")
    ] = False,
    no_cache: NoCache = False,
    start: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Run this step and all that depends on it.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="STEP", help="Run this step alone, on cached inputs.")
    ] = None,
    locked: Annotated[
        bool, typer.Option("--locked", help="Refuse data that differ from mlops.lock.")
    ] = False,
    host: Host = None,
    experiment: Experiment = None,
    namespace: Namespace = None,
    token_env: TokenVariable = None,
    ca_file: CaFile = None,
    no_wait: NoWait = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train, judge and register what the spec declares; steps whose result is known are not run again."""
    name = _target(local, target)
    _only_local(name, {"--dry-run": dry_run, "--no-cache": no_cache, "--from": start, "--only": only})
    remote = remote_of(
        name,
        host,
        experiment=experiment,
        namespace=namespace,
        token_env=token_env,
        ca_file=ca_file,
        no_wait=no_wait,
    )
    path = existing(spec)
    build = building.build_plan(
        path,
        environment=environment,
        variables=pairs(var, "--var"),
        target=name,
        training=training,
        locked=locked,
    )
    output.diagnostics(build.diagnostics)
    request = running.make_request(build.plan, path, running.TRAIN, pairs(set, "--set"))
    if dry_run:
        _show_forecast(request, no_cache=no_cache, start=start, only=only, json=json)
        return
    if remote is not None and no_wait:
        start_remote(request, name, remote, json=json)
        return
    summary = execute(
        request,
        target=name,
        no_cache=no_cache,
        start=start,
        only=only,
        remote=remote,
        json=json,
        debug=debug,
    )
    raise typer.Exit(summary.exit_code)


def _target(local: bool, target: str | None) -> str:
    if local and target not in (None, "local"):
        raise UsageError(f"--local and --target {target} exclude each other")
    return target or "local"


def _only_local(target: str, options: dict[str, object]) -> None:
    given = [name for name, value in options.items() if value]
    if target != "local" and given:
        raise UsageError(f"{', '.join(given)}: not on target {target!r}", help="these are for --local alone")


def _show_forecast(
    request: RunRequest, *, no_cache: bool, start: str | None, only: str | None, json: bool
) -> None:
    from mlopsc_local.choice import choose
    from mlopsc_local.dry_run import explain, joined

    found = explain(request, choose(request.pipeline, no_cache=no_cache, start=start, only=only))
    if json:
        steps = [
            {"name": one.name, "operation": one.operation, "status": one.status, "reason": one.reason}
            for one in found
        ]
        output.json_object({"pipeline": request.pipeline.name, "dry_run": True, "steps": steps})
        return
    output.title(f"What a run of {request.pipeline.name} would do")
    fans = fan_outs(request.pipeline.steps).values()
    rows = [[one.name, one.status, one.reason or ""] for one in merged(found, fans, joined)]
    output.table(["step", "status", "why"], rows, styles=STYLES)
    output.say()
    counts = {status: sum(one.status == status for one in found) for status in ("run", "depends", "cached")}
    output.say(
        f"{counts['run']} would run, {counts['depends']} depend on their results, {counts['cached']} cached"
    )
