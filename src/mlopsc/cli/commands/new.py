"""`mlopsc new`: a project that is a copy of an example."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import Debug, Json, new_app
from mlopsc.diagnostics.errors import UsageError

app = new_app()


@app.command()
def new(
    name: Annotated[Path | None, typer.Argument(metavar="NAME", help="The folder to make.")] = None,
    example: Annotated[
        str | None, typer.Option("--example", metavar="EXAMPLE", help="Which one to copy.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the examples.")] = False,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Make a project that is a copy of an example: spec, data, code, README. For data of your own: `mlopsc init`."""
    from mlopsc.starting.examples import contents, examples, new_project

    if list_:
        _list(examples(), json=json)
        return
    if name is None:
        raise UsageError(
            "which folder shall it be?", help="mlopsc new NAME --example EXAMPLE; --list shows the examples"
        )
    if example is None:
        some = ", ".join(examples())
        raise UsageError(
            f"which example shall {name} be a copy of?",
            help=f"--example with one of {some}; for data of your own: mlopsc init --from FILE --label COLUMN",
        )
    spec = new_project(name, example)
    files = contents(spec.parent)
    if json:
        output.json_object({"spec": str(spec), "example": example, "files": list(files)})
        return
    output.title(f"{name}, a copy of the example {example}")
    output.table(["file", "bytes"], [[path, f"{size:,}"] for path, size in files.items()], right=(1,))
    output.say()
    output.say("  README.md says what to look at; then:")
    output.say(f"  $ cd {name}")
    output.say("  $ mlopsc run")


def _list(found: dict[str, str], *, json: bool) -> None:
    if json:
        output.json_object({"examples": found})
        return
    output.table(["example", "what it is"], [list(one) for one in found.items()])
