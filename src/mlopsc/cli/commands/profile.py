"""`mlopsc profile`: a dataset's contract, proposed from a file of data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, CsvEncoding, Debug, Json, KeyColumns, TimeColumn, new_app

if TYPE_CHECKING:
    from mlopsc.starting.proposal import Proposal

app = new_app()


@app.command()
def profile(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="CSV, JSON lines or Parquet: a path, a glob or a URL."),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="What the spec calls the dataset; by default the file's name."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", help="Write to a new file instead of the screen."),
    ] = None,
    key: KeyColumns = None,
    time: TimeColumn = None,
    encoding: CsvEncoding = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Propose a dataset's contract from a file: types, ranges, sets, nulls, keys and event time, each with its reason.

    It prints the `datasets` section for a spec in the same folder. Today's data keep the contract; ranges and sets
    have room for others. Read it, and change what you know better.
    """
    from mlopsc.diagnostics.render_text import escape
    from mlopsc.starting.dataset_text import dataset_lines
    from mlopsc.starting.files import add_file
    from mlopsc.starting.look import look_at_dataset
    from mlopsc.starting.naming import require_name
    from mlopsc.starting.place import find_place
    from mlopsc.starting.proposal import Wishes

    called = None if name is None else require_name(name, "--name")
    place = find_place(file, Path.cwd() if out is None else out.absolute().parent, copy=False)
    wishes = Wishes(tuple(key or ()), time)
    found = look_at_dataset(place, wishes, name=called, encoding=None if encoding is None else encoding.value)
    lines = [f"# Proposed by `mlopsc profile` from {found.rows:,} rows of {escape(_short(file))}."]
    text = "\n".join([*lines, *dataset_lines(found, explained=True), ""])
    if out is not None:
        add_file(out, text, [])
    if json:
        output.json_object(_object(found) | {"file": None if out is None else str(out)})
    elif out is None:
        output.say(text.removesuffix("\n"))
    else:
        output.say(f"wrote {out}: {found.rows:,} rows, {found.width} columns")
        output.say(f"  put it into {DEFAULT}, read it, then `mlopsc validate`")


def _short(file: str) -> str:
    return file.rpartition("/")[2]


def _object(found: "Proposal") -> dict[str, Any]:
    columns: dict[str, dict[str, Any]] = {
        name: {"declared": column.model_dump(mode="json", exclude_defaults=True)}
        for name, column in found.columns.items()
    }
    for name, one in found.profiles.items():
        columns[name] |= {"nulls": one.nulls, "distinct": one.distinct, "unique": one.unique}
    return {
        "dataset": found.name,
        "rows": found.rows,
        "source": found.origin.source.model_dump(mode="json", exclude_defaults=True)
        | {"type": found.origin.source.type},
        "primary_key": list(found.primary_key or ()),
        "event_time": found.event_time.name if found.event_time else None,
        "columns": columns,
        "checks": [dict(check) for check in found.checks],
    }
