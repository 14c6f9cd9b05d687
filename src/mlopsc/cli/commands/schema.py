"""`mlopsc schema`: the JSON Schema of `mlops.yaml`."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import Debug, new_app

app = new_app()


@app.command()
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write.")
    ] = None,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Print the JSON Schema (draft-07) of mlops.yaml, for editors; settings of all installed targets are in it.

    An editor with a YAML language server takes it from the spec's first line: `# yaml-language-server: $schema=FILE`.
    """
    from pydantic import TypeAdapter

    from mlopsc.spec.json_schema import json_schema, schema_text
    from mlopsc.targets import backend_names, find_backend

    targets = {name: TypeAdapter(find_backend(name).settings) for name in backend_names()}
    text = schema_text(json_schema(targets))
    if out is None:
        output.say(text.rstrip("\n"))
        return
    from mlopsc.runtime.atomic import write_bytes

    write_bytes(out, text.encode())
    output.say(f"{out} written")
