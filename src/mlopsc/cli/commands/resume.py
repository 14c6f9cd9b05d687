"""`mlopsc resume`: an earlier run's plan, once more."""

from typing import Annotated

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.execute import execute
from mlopsc.cli.options import DEFAULT, Debug, Json, Spec, new_app
from mlopsc.diagnostics.errors import UsageError
from mlopsc.plan.plan import Plan
from mlopsc.runtime.journal import Journal

app = new_app()


@app.command()
def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `mlopsc runs` lists it.")],
    spec: Spec = DEFAULT,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Run the plan of an earlier run again, with its parameters; what it finished is not repeated.

    The plan is the one that was recorded then, whatever the spec says by now.
    """
    project = spec.resolve().parent
    with Journal.of_project(project) as journal:
        for orphan in journal.orphans():
            journal.mark_crashed(orphan.id)
        earlier, text = journal.run(run), journal.plan(run)
    if earlier.status == "running":
        raise UsageError(f"run {run} is still running, as process {earlier.process.pid} on {earlier.host}")
    if text is None:
        raise UsageError(f"run {run} recorded no plan", help="run the spec again: `mlopsc run`")
    request = running.make_request(
        Plan.model_validate_json(text), project / spec.name, earlier.pipeline, earlier.parameters
    )
    if not json:
        output.tell(f"resuming run {run} ({earlier.status}, started {earlier.started:%Y-%m-%d %H:%M} UTC)")
    summary = execute(request, json=json, debug=debug)
    raise typer.Exit(summary.exit_code)
