"""`mlopsc runs`: what ran lately."""

from datetime import datetime
from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Json, Spec, new_app
from mlopsc.cli.progress import STYLES, seconds
from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.runtime.journal import Journal, Run, StepRun

app = new_app()


@app.command()
def runs(
    spec: Spec = DEFAULT,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")] = 20,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """List the latest runs of the project, newest first. One whose process is gone or silent has crashed."""
    project = spec.resolve().parent
    if not (project / STATE_FOLDER / "journal.db").is_file():
        found: list[tuple[Run, tuple[StepRun, ...]]] = []
    else:
        with Journal.of_project(project) as journal:
            found = [(run, journal.steps(run.id)) for run in journal.runs(limit)]
    if json:
        output.json_object({"runs": [_entry(run, steps) for run, steps in found]})
        return
    if not found:
        output.say(f"no runs in {project} yet")
        return
    rows = [
        [
            run.id,
            run.pipeline,
            run.status,
            f"{run.started:%Y-%m-%d %H:%M:%S}",
            _took(run.started, run.ended),
            _counted(steps),
        ]
        for run, steps in found
    ]
    output.table(
        ["run", "pipeline", "status", "started (UTC)", "took", "steps"], rows, right=(4,), styles=STYLES
    )


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


def _took(started: datetime, ended: datetime | None) -> str:
    return "" if ended is None else seconds((ended - started).total_seconds())


def _counted(steps: tuple[StepRun, ...]) -> str:
    counted: dict[str, int] = {}
    for step in steps:
        counted[step.status] = counted.get(step.status, 0) + 1
    return ", ".join(f"{number} {status}" for status, number in counted.items())
