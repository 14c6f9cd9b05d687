"""`mlopsc card`: the model card of a registered version."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, SpecOption, Variables, new_app, pairs

app = new_app()


class Format(StrEnum):
    """What a card is written as."""

    md = "md"
    html = "html"


@app.command()
def card(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL[@STAGE|/VERSION]", help="A registered version; of a model alone, the latest."
        ),
    ],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Markdown or HTML; by default what --out's name says, or md."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write; by default it is printed."),
    ] = None,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Write a registered version's model card: what it is for, its data, what was measured, who approved it.

    It is made of what was declared when the version was registered (`card` of the model in the spec) and of what was
    measured and recorded. What nobody declared is said to be not declared. `--json` prints it as data.
    """
    from mlopsc.reporting import judged_version
    from mlopsc.reporting.cards import as_html, as_markdown, card_of
    from mlopsc.runtime.atomic import write_bytes

    context = running.project_context(spec, environment=environment, variables=pairs(var, "--var"))
    reference = model
    if "@" not in model and "/" not in model:
        with context.registry() as registry:
            versions = registry.versions(model) or [registry.version(model, 1)]  # says which models there are
        reference = versions[-1].name
    found = card_of(judged_version(context, reference))
    if json:
        sections = [asdict(section) for section in found.sections]
        output.json_object({"version": found.name, "verdict": found.verdict, "sections": sections})
        return
    html = format_ is Format.html or (
        format_ is None and out is not None and out.suffix.lower() in (".html", ".htm")
    )
    text = as_html(found) if html else as_markdown(found)
    if out is None:
        output.say(text.rstrip("\n"))
    else:
        write_bytes(out, text.encode())
        output.say(f"wrote {out}: card of {found.name}")
