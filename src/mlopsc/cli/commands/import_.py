"""`mlopsc import`: checks of another tool, as a spec says them."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Json, new_app

app = new_app()


@app.callback()
def group() -> None:
    """Carry the checks of another tool over into a spec."""


@app.command("great-expectations")
def great_expectations(
    suite: Annotated[
        Path, typer.Argument(metavar="SUITE.json", help="A suite of Great Expectations, 1.x or 0.x.")
    ],
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="NAME", help="What the spec calls the dataset; by default the suite's name."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="PATH", help="Where the data are, as the spec names them."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", help="Write to a new file instead of the screen."),
    ] = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Write a suite of Great Expectations as the `datasets` section of a spec.

    What cannot be carried over is told with its reason, and stands in the section as a remark. Exit status: 0 when
    everything was carried over, 1 when something is left to do by hand; the section is written in both cases.
    """
    from mlopsc.diagnostics.errors import UsageError
    from mlopsc.importing.dataset_text import dataset_text
    from mlopsc.importing.great_expectations import read_suite
    from mlopsc.starting.files import add_file
    from mlopsc.starting.naming import require_name, slug
    from mlopsc.vocabulary.sources import source_by_suffix

    carried = read_suite(suite)
    name = slug(carried.name, "data") if dataset is None else require_name(dataset, "--dataset")
    try:
        found = None if source is None else source_by_suffix(source)
    except ValueError as error:
        raise UsageError(f"--source {source}: {error}") from error
    text = dataset_text(carried, name, found)
    if out is not None:
        add_file(out, text, [])
    if json:
        output.json_object(
            {
                "dataset": name,
                "checks": [dict(check) for check in carried.checks],
                "left_behind": [vars(one) for one in carried.left],
                "notes": list(carried.notes),
                "file": None if out is None else str(out),
            }
        )
    elif out is None:
        output.say(text.removesuffix("\n"))
    for note in carried.notes:
        output.tell(f"note: {output.escaped(note)}")
    for one in carried.left:
        output.warning(f"{one.place}, {one.what}, is not carried over: {one.reason}")
    total = len(carried.checks) + sum(one.place.startswith("expectations[") for one in carried.left)
    output.tell(f"{len(carried.checks)} of {total} expectations are checks of dataset '{name}'")
    if out is not None and not json:
        output.say(f"wrote {out}; put it into {DEFAULT}, then `mlopsc validate`")
    raise typer.Exit(1 if carried.left else 0)
