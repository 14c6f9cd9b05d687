"""A user's function as a source: called with its arguments, its table taken without coercion."""

from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError, SpecError
from mlopsc.runtime.sources.found import Found, FoundFiles, FoundTable, SourceFile
from mlopsc.runtime.sources.handles import Secrets, resolved
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.sources import CsvSource, JsonLinesSource, ParquetSource, PythonSource

_FORMATS: dict[str, type[CsvSource] | type[JsonLinesSource]] = {
    ".csv": CsvSource,
    ".jsonl": JsonLinesSource,
    ".ndjson": JsonLinesSource,
}


def call_source(source: PythonSource, project: Path, secrets: Secrets) -> Found:
    """Call the function, found from the project's folder.

    Raises MlopscError when the function cannot be found, or returns something else or a table whose columns
    mix types; what the function raises itself passes through.
    """
    result = load(resolve_reference(source.python), project)(**resolved(source.args, secrets))
    if isinstance(result, str | Path):
        path = Path(result)
        if not path.is_file():
            raise MlopscError(f"{source.python} returned a path that is no file: {path.name!r}")
        kind = _FORMATS.get(path.suffix.lower(), ParquetSource)
        return FoundFiles(kind(path=path.name), (SourceFile(path.absolute(), path.name),))
    from mlopsc.runtime.tables import to_arrow

    try:
        return FoundTable(to_arrow(result), source.python)
    except SpecError as error:
        raise MlopscError(f"{source.python} returned no usable table: {error}", help=error.help) from error
