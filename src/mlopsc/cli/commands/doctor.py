"""`mlopsc doctor`: is everything whole?"""

from dataclasses import asdict
from typing import Annotated

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, Spec, Variables, existing, new_app, pairs
from mlopsc.doctor import examine

app = new_app()

UNSOUND = 3
_STYLES = {"ok": "green", "fixed": "yellow", "fault": "red"}


@app.command()
def doctor(
    spec: Spec = DEFAULT,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mark orphaned runs as crashed; remove unfinished files.")
    ] = False,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Read and hash everything in the project's store, journal, registry and lock; exit status 3 on a fault."""
    context = running.project_context(existing(spec), environment=environment, variables=pairs(var, "--var"))
    findings = examine(context, fix=fix)
    faults = [one for one in findings if one.status == "fault"]
    if json:
        output.json_object({"sound": not faults, "findings": [asdict(one) for one in findings]})
    else:
        rows = [
            [one.subject, one.status, one.message + (f" ({one.help})" if one.help else "")]
            for one in findings
        ]
        output.table(["what", "status", "finding"], rows, styles=_STYLES)
    if faults:
        raise typer.Exit(UNSOUND)
