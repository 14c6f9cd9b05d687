"""A user's function as a source: called with its arguments, its table or tables taken without coercion."""

import inspect
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError, SpecError
from mlopsc.runtime.sources.found import Found, FoundFiles, FoundTable, SourceFile
from mlopsc.runtime.sources.handles import Secrets, resolved
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.sources import ParquetSource, PythonSource, source_by_suffix

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def open_function(source: PythonSource, project: Path, secrets: Secrets) -> Iterator[Found]:
    """Call the function, found from the project's folder, and give what it returns.

    That is a pandas, polars or pyarrow table, the path of a file (relative to the project), or an iterator of tables
    of one schema, which are read one after the other. Raises MlopscError when the function cannot be found or does not
    take the arguments, and when it returns something else or a table whose columns mix types; what the function raises
    itself passes through.
    """
    function = load(resolve_reference(source.python), project)
    arguments = resolved(source.args, secrets)
    _require_taken(function, arguments, source)
    result = function(**arguments)
    if isinstance(result, str | Path):
        yield _file(Path(result), project, source)
    elif isinstance(result, Iterator):
        with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
            out = Path(folder) / "rows"
            _spool(result, out, source.python)
            yield FoundFiles(ParquetSource(path=source.python), (SourceFile(out, source.python),))
    else:
        yield FoundTable(_table(result, f"{source.python} returned no usable table"), source.python)


def _require_taken(function: Callable[..., Any], arguments: dict[str, Any], source: PythonSource) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin that does not tell
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise MlopscError(
            f"{source.python} cannot be called with the `args` {', '.join(arguments) or 'none'}: {error}",
            help=f"it takes {signature}",
        ) from None


def _file(path: Path, project: Path, source: PythonSource) -> FoundFiles:
    place = (project / path).absolute()
    if not place.is_file():
        raise MlopscError(
            f"{source.python} returned a path that is no file: {path.name!r}",
            help="a path is absolute, or relative to the project's folder",
        )
    try:
        kind = source_by_suffix(path.name)
    except ValueError:
        kind = ParquetSource(path=path.name)
    return FoundFiles(kind, (SourceFile(place, path.name),))


def _table(value: Any, what: str) -> "pa.Table":
    import pyarrow as pa

    from mlopsc.runtime.tables import to_arrow

    try:
        return to_arrow(pa.Table.from_batches([value]) if isinstance(value, pa.RecordBatch) else value)
    except SpecError as error:
        raise MlopscError(f"{what}: {error}", help=error.help) from error


def _spool(tables: Iterator[Any], out: Path, label: str) -> None:
    """Write tables to one Parquet file as they come, so that memory holds one of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    try:
        for number, value in enumerate(tables, start=1):
            table = _table(value, f"table {number} of {label} is not usable")
            schema = table.schema.remove_metadata()
            if writer is None:
                writer = pq.ParquetWriter(out, schema, compression="zstd")
            if not schema.equals(writer.schema):
                raise MlopscError(
                    f"table {number} of {label} has other columns or types than those before it: "
                    f"{_words(schema)} after {_words(writer.schema)}",
                    help="give all of them one schema; of a column without values, say its type",
                )
            writer.write_table(table.cast(schema))
    except pa.ArrowException as error:
        raise MlopscError(f"{label} returned a table that no file can hold: {error}") from error
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise MlopscError(f"{label} returned no table at all", help="give one without rows, for its columns")


def _words(schema: "pa.Schema") -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
