"""Options that several commands share."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlopsc import building
from mlopsc.diagnostics.errors import UsageError

Spec = Annotated[Path, typer.Argument(metavar="[SPEC]", help="The spec file.", show_default=True)]
SpecOption = Annotated[Path, typer.Option("--spec", metavar="SPEC", help="The spec whose project it is.")]
Environment = Annotated[
    str | None, typer.Option("--environment", "-e", metavar="NAME", help="Which of the spec's environments.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Set a variable of the spec; repeatable."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a run-time parameter; repeatable."),
]


def _that_runs(name: str | None) -> str | None:
    return name if name is None else building.runner(name).name


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run every step, whatever is cached.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
Target = Annotated[
    str | None,
    typer.Option(
        "--target", "-t", metavar="NAME", help="An installed target that runs pipelines.", callback=_that_runs
    ),
]

DEFAULT = Path("mlops.yaml")


class Encoding(StrEnum):
    """Encodings that a CSV source reads."""

    utf_8 = "utf-8"
    utf_16 = "utf-16"
    latin_1 = "latin-1"


CsvEncoding = Annotated[Encoding | None, typer.Option("--encoding", help="Of a CSV file that is not UTF-8.")]
KeyColumns = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="COLUMN", help="A column of the primary key; repeatable; `none` for none."),
]
TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="COLUMN", help="The column that says when a row happened; `none` for none."
    ),
]


def new_app() -> typer.Typer:
    """Return an empty app for a command's module."""
    return typer.Typer(
        add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
    )


def existing(spec: Path) -> Path:
    """Return the path of a spec; raises UsageError where there is none. A folder means the mlops.yaml in it."""
    path = spec / DEFAULT if spec.is_dir() else spec
    if path.is_file():
        return path
    if spec == DEFAULT:
        raise UsageError(
            f"there is no mlops.yaml in {Path.cwd()}",
            help="go to the project's folder, or name the spec behind the command",
        )
    raise UsageError(
        f"there is no file {path}", help="expected the path of a spec, such as examples/mlops.yaml"
    )


def pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """Return what `--set NAME=VALUE` says, repeated; raises UsageError for other texts and a name given twice."""
    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {text!r}: expected NAME=VALUE")
        if name in found:
            raise UsageError(f"{option} gives {name!r} twice", help="give it once")
        found[name] = value
    return found
