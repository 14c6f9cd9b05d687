"""`mlopsc explain`: what a code means."""

from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import new_app
from mlopsc.diagnostics import codes

app = new_app()


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Such as MLC201, 201, or the code's name.")],
) -> None:
    """Explain a diagnostic's code, with an example of the fault and of the fix."""
    output.say(codes.explain(code).rstrip("\n"))
