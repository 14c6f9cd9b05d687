"""`mlopsc runs`: what ran lately."""

from typing import Annotated, get_args

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Json, Spec, new_app
from mlopsc.cli.progress import STYLES
from mlopsc.cli.times import counted, stamp, took
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.history import open_journal
from mlopsc.runtime.journal import Run, RunStatus, StepRun

app = new_app()

_ALL = 1_000_000


@app.command()
def runs(
    spec: Spec = DEFAULT,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", "-p", metavar="NAME", help="Only runs of this pipeline.")
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only runs of this status; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")] = 20,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """List the latest runs of the project, newest first. One whose process is gone or silent has crashed."""
    wanted = _statuses(status or [])
    project = spec.resolve().parent
    found: list[tuple[Run, tuple[StepRun, ...]]] = []
    with open_journal(project) as journal:
        if journal is not None:
            listed = journal.runs(_ALL if pipeline or wanted else limit)
            fitting = [
                run
                for run in listed
                if pipeline in (None, run.pipeline) and (not wanted or run.status in wanted)
            ]
            found = [(run, journal.steps(run.id)) for run in fitting[:limit]]
    if json:
        output.json_object({"runs": [_entry(run, steps) for run, steps in found]})
        return
    if not found:
        such = " such" if pipeline or wanted else ""
        output.say(f"no{such} runs in {project} yet")
        return
    rows = [
        [
            run.id,
            run.pipeline,
            run.status,
            stamp(run.started),
            took(run.started, run.ended),
            counted(step.status for step in steps),
        ]
        for run, steps in found
    ]
    output.table(
        ["run", "pipeline", "status", "started (UTC)", "took", "steps"], rows, right=(4,), styles=STYLES
    )


def _statuses(given: list[str]) -> frozenset[str]:
    known = get_args(RunStatus)
    for status in given:
        if status not in known:
            raise UsageError(f"--status {status}: no run has it", help=did_you_mean(status, known))
    return frozenset(given)


def _entry(run: Run, steps: tuple[StepRun, ...]) -> dict[str, object]:
    return {
        "run": run.id,
        "pipeline": run.pipeline,
        "status": run.status,
        "spec": run.spec,
        "environment": run.environment,
        "parameters": dict(run.parameters),
        "started": run.started.isoformat(),
        "ended": None if run.ended is None else run.ended.isoformat(),
        "exit_code": run.exit_code,
        "steps": [
            {"name": step.name, "operation": step.operation, "status": step.status, "error": step.error}
            for step in steps
        ],
    }
