"""`mlopsc compile`: a target's generated code."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc import building
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Spec, Variables, existing, new_app, pairs
from mlopsc.codegen.writer import check as compare
from mlopsc.codegen.writer import write

app = new_app()

_SAID = {
    "missing": "is missing",
    "different": "is not what this spec gives",
    "extra": "is left from an earlier compile",
}


@app.command()
def compile(
    target: Annotated[
        str, typer.Option("--target", "-t", metavar="NAME", help="The target to generate for.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write to.")],
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when DIR is not current.")
    ] = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Generate a target's code from a spec. The same spec gives the same files, to the byte."""
    path = existing(spec)
    backend = building.backend(target)
    compiled = building.check_spec(
        path, environment=environment, variables=pairs(var, "--var"), targets=[target]
    )
    plan = compiled.require()
    output.diagnostics(compiled.diagnostics)
    files = backend.emit(plan, path.resolve().parent)
    if not files:
        output.say(f"target {target} runs the plan as it is: there is nothing to generate")
        return
    if check:
        differences = compare(files, out)
        for difference in differences:
            output.tell(f"  {difference.path} {_SAID[difference.kind]}")
        if differences:
            output.error(f"{out} is not current", help=f"mlopsc compile {path} --target {target} --out {out}")
            raise typer.Exit(1)
        output.say(f"{out} is current ({_files(len(files))})")
        return
    written = write(files, out)
    rows = [(name, "written") for name in written.written]
    rows += [(name, "unchanged") for name in written.unchanged]
    rows += [(name, "removed") for name in written.removed]
    for name, status in sorted(rows):
        output.say(f"  {status:<9}  {out / name}")


def _files(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"
