"""`mlopsc predict`: what a registered model says of the rows of a file."""

import glob
import os
from pathlib import Path
from typing import Annotated

import typer

from mlopsc import building, running
from mlopsc.cli import output, table_files
from mlopsc.cli.execute import watched
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    NoCache,
    Parameters,
    Spec,
    Target,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.cli.report import predictions, show, troubles
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import nearest
from mlopsc.summary import summarize
from mlopsc.vocabulary.predicting import INPUT, VERSION
from mlopsc.vocabulary.sources import source_by_suffix

app = new_app()

STDOUT = "-"
_FORMATS = (".parquet", ".csv")


@app.command()
def predict(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL@STAGE", help="A model's version: NAME@STAGE, NAME/NUMBER, or NAME alone."
        ),
    ],
    input: Annotated[
        str, typer.Argument(metavar="INPUT", help="The rows: a CSV, Parquet or JSON lines file.")
    ],
    spec: Spec = DEFAULT,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write them there: .parquet, .csv, or - for CSV here."
        ),
    ] = None,
    target: Target = None,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    no_cache: NoCache = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Predict for the rows of a file, with the features that the model was trained on.

    NAME alone means the model's last stage. Cells that do not suit the model are told by row and column, and nothing is
    predicted then. Exit status 4 when a step fails, 5 when a dataset that is joined fails its checks.
    """
    path, on = existing(spec), target or "local"
    name, version = _reference(model)
    if json and out == STDOUT:
        raise UsageError("--json and --out - exclude each other: both are for standard output")
    source = _input(input, path.resolve().parent)
    place = None if out in (None, STDOUT) else _output(Path(out), input)
    build = building.build_plan(path, environment=environment, variables=pairs(var, "--var"), target=on)
    output.diagnostics(build.diagnostics)
    pipeline = running.find_prediction(build.plan, name)
    given = pairs(set, "--set")
    for taken, by in ((INPUT, "the argument INPUT"), (VERSION, "MODEL@STAGE")):
        if taken in given:
            raise UsageError(f"--set {taken}: {by} says it", help="leave one out")
    given |= {INPUT: source} | ({VERSION: version} if version else {})
    request = running.make_request(build.plan, path, pipeline.name, given)
    result = watched(request, target=on, no_cache=no_cache, quiet=json)
    summary = summarize(result, request)
    made = summary.predictions.get(name) if summary.exit_code == 0 else None
    if made is not None and place is not None:
        table_files.keep(Path(made["path"]), place)
    if made is not None and out == STDOUT:
        table_files.print_csv(Path(made["path"]))
    if json:
        output.json_object(summary.to_dict())
    if json or out == STDOUT:
        troubles(summary, debug=debug)
    else:
        show(summary, debug=debug)
    if made is not None and not json:
        predictions(made, place, shown=out is None)
    raise typer.Exit(summary.exit_code)


def _reference(text: str) -> tuple[str, str | None]:
    """Return the model and the version that `NAME@STAGE`, `NAME/NUMBER` or `NAME` says."""
    for separator in "@/":
        name, found, version = text.partition(separator)
        number = version.isascii() and version.isdecimal()
        if found and name and version and number == (separator == "/"):
            return name, version
        if found:
            raise UsageError(f"{text!r} names no version: expected NAME@STAGE, NAME/NUMBER or NAME")
    return text, None


def _input(text: str, project: Path) -> str:
    """Return an input as the pipeline takes it: within the project a relative path, else a URL."""
    try:
        source_by_suffix(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if "://" in text:
        return text
    path = Path(os.path.abspath(text))  # noqa: PTH100 - a glob is no path that could be resolved
    if path.is_file():
        path = path.resolve()
    elif not glob.has_magic(text):
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, names)
        raise UsageError(
            f"there is no file {text}",
            help=f"did you mean {str(Path(text).parent / near)!r}?" if near else None,
        )
    return str(path.relative_to(project)) if path.is_relative_to(project) else f"file://{path}"


def _output(path: Path, input: str) -> Path:
    """Return where predictions go; raises UsageError where they cannot."""
    if path.suffix.lower() not in _FORMATS:
        raise UsageError(f"--out {path}: expected a name that ends in {' or '.join(_FORMATS)}")
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}", help="make it first")
    if path.is_dir():
        raise UsageError(f"--out {path}: that is a folder")
    found = [] if "://" in input else [input, *glob.glob(input, recursive=True)]  # noqa: PTH207
    if path.exists() and any(Path(one).exists() and path.samefile(one) for one in found):
        raise UsageError(f"--out {path}: that is the input", help="give the predictions a name of their own")
    return path
