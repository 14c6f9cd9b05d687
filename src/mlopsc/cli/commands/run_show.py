"""`mlopsc run show`: what an earlier run came to."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc.cli import output, report
from mlopsc.cli.options import DEFAULT, Debug, Json, SpecOption, new_app
from mlopsc.cli.times import stamp, took
from mlopsc.history import Recorded, find_run
from mlopsc.runtime.context import STATE_FOLDER

app = new_app()


@app.command()
def show(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="A run's id, its beginning, or its last letters; by default the latest."
        ),
    ] = None,
    spec: SpecOption = DEFAULT,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what an earlier run came to: steps, metrics, gates, registered versions, drift, and where its logs are."""
    project = spec.resolve().parent
    recorded = find_run(project, run)
    summary = recorded.summary(project)
    if json:
        output.json_object(summary.to_dict() | _about(recorded))
        return
    _head(recorded, project)
    report.show(summary, debug=debug)


def _about(recorded: Recorded) -> dict[str, object]:
    run = recorded.run
    return {
        "spec": run.spec,
        "environment": run.environment,
        "started": run.started.isoformat(),
        "ended": None if run.ended is None else run.ended.isoformat(),
        "exit_code": run.exit_code,
        "host": run.host,
        "reason": run.reason,
    }


def _head(recorded: Recorded, project: Path) -> None:
    run = recorded.run
    lines = [("run", run.id), ("pipeline", run.pipeline), ("status", run.status)]
    if run.reason:
        lines.append(("because", run.reason))
    lines += [("spec", run.spec + (f" (environment {run.environment})" if run.environment else ""))]
    lines.append(("started", f"{stamp(run.started)} UTC on {run.host}"))
    if run.ended is not None:
        lines.append(("took", took(run.started, run.ended)))
    lines += [("parameter", f"{name} = {value}") for name, value in sorted(run.parameters.items())]
    logs = project / STATE_FOLDER / "runs" / run.id
    if logs.is_dir():
        lines.append(("logs", report.relative(logs)))
    output.pairs(lines)
