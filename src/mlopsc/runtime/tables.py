"""Tables as users hold them (pandas, polars, pyarrow, paths), brought before the engine without coercion.

pandas' NaN, NaT, None and NA are null; categories are their values; the index is not part of a table.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe, instant
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, scan
from mlopsc.vocabulary.engine import SparkEngine

if TYPE_CHECKING:
    import duckdb
    import pandas
    import pyarrow

_TEXT_FORMATS = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def read_frame(path: Path, columns: list[str] | None = None) -> "pandas.DataFrame":
    """Return a Parquet artifact as a pandas frame, its columns in the file's order or as asked for."""
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        frame: pandas.DataFrame = pq.read_table(file, columns=columns).to_pandas()
    return frame


@contextmanager
def opened(
    *tables: Any,
    threads: int | None = None,
    rows: str | None = None,
    engine: SparkEngine | None = None,
    memory: str | None = None,
) -> Iterator[tuple["duckdb.DuckDBPyConnection", list[exp.Expr]]]:
    """Open a connection that sees `tables`, and give it with one table expression for each.

    A table is a pandas, polars or pyarrow table, or a path: Parquet, else `.csv` and `.jsonl` by name. `rows`
    names a column that is added and counts the rows from 0. `engine` computes, DuckDB when None; `memory` is what
    DuckDB may hold. Raises SpecError for anything else, for repeated column names, and for pandas columns of mixed
    types.
    """
    with ExitStack() as stack:
        held = [
            _on_disk(table, stack) if isinstance(table, str | Path) else to_arrow(table) for table in tables
        ]
        paths = [table for table in held if isinstance(table, Path)]
        connection = stack.enter_context(connect(*paths, threads=threads, engine=engine, memory=memory))
        yield connection, [_attached(connection, f"t{i}", table, rows) for i, table in enumerate(held)]


def _attached(connection: "duckdb.DuckDBPyConnection", name: str, table: Any, rows: str | None) -> exp.Expr:
    if isinstance(table, Path):
        return _microseconds(connection, scan(table) if rows is None else numbered(table, rows))
    if rows is not None:
        import numpy as np

        table = table.append_column(rows, [np.arange(len(table))])
    connection.register(name, table)
    return _microseconds(connection, exp.table_(identifier(name)))


def _microseconds(connection: "duckdb.DuckDBPyConnection", table: exp.Expr) -> exp.Expr:
    """Round instants with nanoseconds, which DuckDB cannot compare with others, to microseconds."""
    times = {name: kind for name, kind in describe(connection, table).items() if kind == "TIMESTAMPTZ_NS"}
    if not times:
        return table
    query = fragment("select * replace (1 as x) from $t as t", t=table)
    query.expressions[0].set(
        "replace", [named(instant(column(name), kind, "UTC"), name) for name, kind in times.items()]
    )
    return query


def numbered(path: Path, rows: str) -> exp.Expr:
    """Return the query for a Parquet file's columns and, under the name `rows`, the position of each row."""
    return fragment(
        "select * exclude (file_row_number), file_row_number as $rows from $t as t",
        t=scan(path, rows=True),
        rows=identifier(rows),
    )


def _on_disk(path: str | Path, stack: ExitStack) -> Path:
    """Return a Parquet file with the content of `path`."""
    import tempfile

    path = Path(path)
    if not path.is_file():
        raise SpecError(f"no such file: {path}")
    kind = _TEXT_FORMATS.get(path.suffix.lower())
    if kind is None or _is_parquet(path):
        return path
    from mlopsc.runtime.sources.load import load_source
    from mlopsc.vocabulary.sources import CsvSource, JsonLinesSource

    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    source = (
        CsvSource(path=path.name, delimiter=delimiter) if kind == "csv" else JsonLinesSource(path=path.name)
    )
    out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlopsc-"))) / "table"
    load_source(source, {}, project=path.absolute().parent, out=out)
    return out


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def to_arrow(table: Any) -> "pyarrow.Table":
    """Return a pandas, polars or pyarrow table as Arrow; raises SpecError where that would coerce values."""
    import pyarrow as pa

    package = type(table).__module__.partition(".")[0]
    if isinstance(table, pa.Table):
        result = table
    elif package == "pandas" and hasattr(table, "columns"):
        result = _from_pandas(table)
    elif package == "polars":
        result = (table.collect() if hasattr(table, "collect") else table).to_arrow()
    else:
        raise SpecError(
            f"expected a pandas, polars or pyarrow table, or a path, found {type(table).__qualname__}"
        )
    check_names(result.column_names)
    return result


def mixed_types(frame: "pandas.DataFrame") -> dict[str, list[str]]:
    """Return the object columns that hold values of several Python types: name → type names, sorted."""
    found = {}
    for name, kind in zip(frame.columns, frame.dtypes, strict=True):
        if str(kind) != "object":
            continue
        values = frame[name]
        names = {_type_name(kind) for kind in set(map(type, values[values.notna()]))}
        if len(names) > 1:
            found[name] = sorted(names)
    return found


def _type_name(kind: type) -> str:
    """Name a type, with NumPy's and pandas' scalars under the names of Python's."""
    import numpy as np

    for python, numpy in ((bool, np.bool_), (int, np.integer), (float, np.floating), (str, np.str_)):
        if issubclass(kind, numpy):
            return python.__name__
    return "datetime" if kind.__name__ == "Timestamp" else kind.__name__


def _from_pandas(frame: "pandas.DataFrame") -> "pyarrow.Table":
    import pyarrow as pa

    check_names(list(frame.columns))
    for name, kinds in mixed_types(frame).items():
        raise SpecError(
            f"column {name!r} holds values of several types: {', '.join(kinds)}",
            help="make them one type; nothing is converted silently",
        )
    try:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SpecError(f"the frame cannot be read as a table: {error.args[0]}") from error


def check_names(names: list[Any]) -> None:
    """Raise SpecError for column names that are no texts, or that SQL cannot tell apart."""
    if not names:
        raise SpecError("the table has no columns")
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not name:
            raise SpecError(f"column names must be texts, found {name!r}")
        if name.casefold() in seen:
            raise SpecError(f"columns {seen[name.casefold()]!r} and {name!r} cannot be told apart in SQL")
        seen[name.casefold()] = name
