"""A user's function as a source: called with its arguments, its table taken without coercion."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError, SpecError
from mlopsc.runtime.sources.files import Secrets, resolved
from mlopsc.vocabulary.sources import CsvSource, FileSource, JsonLinesSource, ParquetSource, PythonSource

_FORMATS: dict[str, type[CsvSource] | type[JsonLinesSource]] = {
    ".csv": CsvSource,
    ".jsonl": JsonLinesSource,
    ".ndjson": JsonLinesSource,
}


@dataclass(frozen=True)
class ReturnedFile:
    """A path that a function returned, as a source of its own folder."""

    source: FileSource
    folder: Path


def call_source(source: PythonSource, project: Path, secrets: Secrets) -> Any:
    """Call the function, found from the project's folder; return an Arrow table or a ReturnedFile.

    Raises MlopscError when the function cannot be found, or returns something else or a table whose columns
    mix types; what the function raises itself passes through.
    """
    result = _function(source.python, project)(**resolved(source.args, secrets))
    if isinstance(result, str | Path):
        path = Path(result)
        if not path.is_file():
            raise MlopscError(f"{source.python} returned a path that is no file: {path.name!r}")
        kind = _FORMATS.get(path.suffix.lower(), ParquetSource)
        return ReturnedFile(kind(path=path.name), path.absolute().parent)
    from mlopsc.runtime.tables import to_arrow

    try:
        return to_arrow(result)
    except SpecError as error:
        raise MlopscError(f"{source.python} returned no usable table: {error}", help=error.help) from error


def _function(reference: str, project: Path) -> Callable[..., Any]:
    module_name, _, name = reference.partition(":")
    folder = str(project.absolute())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise
        raise MlopscError(
            f"no module {module_name!r}", help="it must be importable from the project folder"
        ) from error
    function: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(function):
        raise MlopscError(f"module {module_name!r} has no function {name!r}")
    return function
