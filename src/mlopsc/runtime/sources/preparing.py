"""A source before the engine: where to select from, which type every column gets, and how a cell becomes its value."""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlglot import exp

from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, identifier
from mlopsc.runtime.sources.csv_text import csv_table
from mlopsc.runtime.sources.faults import malformed
from mlopsc.runtime.sources.found import FoundTable, SourceFile
from mlopsc.runtime.sources.json_text import json_candidates, jsonl_table
from mlopsc.runtime.sources.parquet import declared_types, parquet_layout
from mlopsc.runtime.sources.parquet_table import (
    partition_texts,
    require_holdable_types,
    scan_parquet,
)
from mlopsc.runtime.sources.text import infer
from mlopsc.runtime.sources.typed import TypedTable
from mlopsc.runtime.sources.values import TEXT_CANDIDATES, convert, parse_json, parse_text
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import (
    CsvSource,
    FileSource,
    JsonLinesSource,
    ParquetSource,
)

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
_PEEKED = 20_000


def prepare_table(
    connection: "duckdb.DuckDBPyConnection",
    source: FileSource,
    files: Sequence[SourceFile],
    columns: Mapping[str, Column],
    timezone: str,
    *,
    only: Container[str] | None = None,
    limit: int | None = None,
) -> TypedTable:
    """Return files as a table with a type for every column, or for those in `only`; `limit` is for guesses.

    Raises MlopscError as `load_source` does, but for cells that do not fit: their value is null.
    """
    import duckdb

    try:
        match source:
            case ParquetSource():
                return _parquet(connection, source, files, columns, timezone, only)
            case CsvSource():
                table, names = csv_table(source, files)
                names = list(_chosen(dict.fromkeys(names), only))
                candidates: dict[str, tuple[str, ...]] = dict.fromkeys(names, TEXT_CANDIDATES)
                parse: Callable[..., exp.Expr] = partial(parse_text, dialect=source)
            case JsonLinesSource():
                table, names = jsonl_table(connection, source, files)
                names = list(_chosen(dict.fromkeys(names), only))
                parse = parse_json
                free = [name for name in names if _declared(columns, name) is None]
                candidates = json_candidates(connection, table, free, files[0].label)
        sample = table if limit is None else fragment("select * from $t as t limit $n", t=table, n=limit)
        guess = partial(parse, timezone=timezone, declared=False)
        free = [name for name in names if _declared(columns, name) is None]
        types = infer(connection, sample, {name: candidates[name] for name in free}, guess)
    except duckdb.Error as error:
        raise malformed(error, files) from error
    cells = {}
    for name in names:
        wanted = _declared(columns, name)
        types[name] = wanted or types[name]
        cells[name] = parse(column(name), types[name], timezone, declared=wanted is not None)
    return TypedTable(table, cells, {name: types[name] for name in names})


def _parquet(
    connection: "duckdb.DuckDBPyConnection",
    source: ParquetSource,
    files: Sequence[SourceFile],
    columns: Mapping[str, Column],
    timezone: str,
    only: Container[str] | None,
) -> TypedTable:
    layout = parquet_layout(connection, source, files)
    kinds = _chosen(layout.kinds, only)
    held = {name: kind for name, kind in kinds.items() if name not in layout.partitions}
    table = typed_table(scan_parquet(layout, files), held, columns, timezone, files[0].label)
    told = [name for name in kinds if name in layout.partitions]
    free = {name: TEXT_CANDIDATES for name in told if _declared(columns, name) is None}
    guess = partial(parse_text, timezone=timezone, declared=False)
    types = infer(connection, partition_texts(layout), free, guess) if free else {}
    cells = {}
    for name in told:
        wanted = _declared(columns, name)
        types[name] = wanted or types[name]
        cells[name] = parse_text(column(name), types[name], timezone, declared=wanted is not None)
    return TypedTable(table.source, {**table.cells, **cells}, {**table.types, **types})


def _chosen(columns: Mapping[str, T], only: Container[str] | None) -> dict[str, T]:
    return {name: value for name, value in columns.items() if only is None or name in only}


def _declared(columns: Mapping[str, Column], name: str) -> str | None:
    return columns[name].type if name in columns else None


def typed_table(
    table: exp.Expr, kinds: Mapping[str, str], columns: Mapping[str, Column], timezone: str, label: str
) -> TypedTable:
    """Prepare a table whose columns have types already: `kinds`, in DuckDB's words."""
    types = declared_types(kinds, columns, label)
    cells = {}
    for name, kind in kinds.items():
        value = convert(column(name), kind, types[name], timezone)
        assert value is not None, "declared_types lets only convertible types pass"
        cells[name] = value
    return TypedTable(table, cells, types)


def table_types(found: FoundTable, columns: Mapping[str, Column], timezone: str | None) -> dict[str, str]:
    """Return the types that loading a table in memory gives its columns. Raises MlopscError as loading does."""
    with connect(threads=1) as connection:
        return dict(prepare_rows(connection, found, columns, timezone or "UTC").types)


def prepare_rows(
    connection: "duckdb.DuckDBPyConnection", found: FoundTable, columns: Mapping[str, Column], timezone: str
) -> TypedTable:
    """Return a table in memory with a type for every column. Raises MlopscError for one that it cannot have."""
    require_holdable_types(found.table.schema, found.label)
    connection.register("t", found.table)
    rows = exp.table_(identifier("t"))
    return typed_table(rows, describe(connection, rows), columns, timezone, found.label)


def first_types(
    source: FileSource,
    files: Sequence[SourceFile],
    columns: Mapping[str, Column],
    timezone: str | None = None,
) -> dict[str, str]:
    """Return what the first rows of files show: column → type. Raises MlopscError as loading does."""
    with connect(*paths_of(files), threads=1) as connection:
        return dict(prepare_table(connection, source, files, columns, timezone or "UTC", limit=_PEEKED).types)


def paths_of(files: Sequence[SourceFile]) -> list[Path]:
    """Return where the files lie."""
    return [file.path for file in files]
