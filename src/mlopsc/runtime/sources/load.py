"""From any source to one canonical Parquet file, with the declared types applied and nothing else changed."""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, assert_never

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import connect, failure
from mlopsc.runtime.engine.parquet import describe, write_parquet
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select, text
from mlopsc.runtime.sources.csv_text import csv_lines, csv_table
from mlopsc.runtime.sources.found import FoundFiles, FoundTable, SourceFile
from mlopsc.runtime.sources.handles import Secrets, no_secrets
from mlopsc.runtime.sources.json_text import json_candidates, jsonl_table
from mlopsc.runtime.sources.opening import open_source
from mlopsc.runtime.sources.parquet import declared_types, parquet_layout
from mlopsc.runtime.sources.parquet_table import (
    partition_texts,
    require_holdable,
    require_holdable_types,
    scan_parquet,
)
from mlopsc.runtime.sources.remote.reach import PUBLIC, Reach
from mlopsc.runtime.sources.text import infer, misfits
from mlopsc.runtime.sources.values import TEXT_CANDIDATES, convert, parse_json, parse_text
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import (
    CsvSource,
    FileSource,
    JsonLinesSource,
    ParquetSource,
    Source,
)

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
_PEEKED = 20_000
_CSV_ERROR = re.compile(r"CSV Error on Line: (\d+)")
_JSON_ERROR = re.compile(r"Malformed JSON.*? in line (\d+): (.*)")


@dataclass(frozen=True)
class TypedTable:
    """A source before the engine: where to select from, and what each column's cells shall be."""

    source: exp.Expr
    cells: Mapping[str, exp.Expr]
    """Column → its typed value, null where the raw cell does not fit."""
    types: Mapping[str, str]
    """Column → the type that its cells shall have."""


def load_source(
    source: Source,
    columns: Mapping[str, Column],
    *,
    project: Path,
    out: Path,
    timezone: str | None = None,
    event_time: str | None = None,
    primary_key: Sequence[str] = (),
    secrets: Secrets = no_secrets,
    reach: Reach = PUBLIC,
    seen: str | None = None,
    threads: int | None = None,
) -> int:
    """Write the source to `out` as one Parquet file in the order of its files and rows; return the row count.

    Where rows have no order, as in a database, it is that of `primary_key`, then of all columns.

    Declared types are applied; where a cell does not fit, MlopscError names file, row, column, value, type.
    Other columns of text files get the narrowest type that fits every cell (`true`/`false` are bool, numbers
    with leading zeros and Yes/No stay strings). Naive timestamps are local times of `timezone` (None: UTC).
    MlopscError also says what is wrong with a missing, empty or malformed file, or a function's result.
    """
    zone = timezone or "UTC"
    with open_source(source, project=project, secrets=secrets, reach=reach, seen=seen) as found:
        match found:
            case FoundFiles(kind, files, ordered):
                if isinstance(kind, ParquetSource):
                    require_holdable(kind, files)
                with connect(*_paths(files), threads=threads) as connection:
                    table = prepare_table(connection, kind, files, columns, zone)
                    order = None if ordered else _order(table, primary_key, files[0].label)
                    return _write(connection, table, files, kind, out, zone, event_time, order)
            case FoundTable(rows, label):
                require_holdable_types(rows.schema, label)
                with connect(threads=threads) as connection:
                    connection.register("t", rows)
                    named_t = exp.table_(identifier("t"))
                    table = _typed(named_t, describe(connection, named_t), columns, zone, label)
                    files = (SourceFile(Path(), label),)
                    return _write(connection, table, files, None, out, zone, event_time)
            case _:
                assert_never(found)


def first_types(
    source: FileSource,
    files: Sequence[SourceFile],
    columns: Mapping[str, Column],
    timezone: str | None = None,
) -> dict[str, str]:
    """Return what the first rows of files show: column → type. Raises MlopscError as loading does."""
    with connect(*_paths(files), threads=1) as connection:
        return dict(prepare_table(connection, source, files, columns, timezone or "UTC", limit=_PEEKED).types)


def _paths(files: Sequence[SourceFile]) -> list[Path]:
    return [file.path for file in files]


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
    table = _typed(scan_parquet(layout, files), held, columns, timezone, files[0].label)
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


def _typed(
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


def _write(
    connection: "duckdb.DuckDBPyConnection",
    table: TypedTable,
    files: Sequence[SourceFile],
    source: FileSource | None,
    out: Path,
    timezone: str,
    event_time: str | None,
    order: Sequence[str] | None = None,
) -> int:
    import duckdb

    _check_event_time(table, event_time, files[0].label)
    risky = [name for name, value in table.cells.items() if not isinstance(value, exp.Column)]
    try:
        if risky:
            counts = select(*(misfits(column(n), table.cells[n]) for n in risky), source=table.source)
            row = connection.execute(text(counts)).fetchall()[0]
            for name, count in zip(risky, row, strict=True):
                if count:
                    raise _misfit(connection, table, name, count, files, source, ordered=order is None)
        query: exp.Expr = select(
            *(named(value, name) for name, value in table.cells.items()), source=table.source
        )
        if order is not None:
            query = select(exp.Star(), source=query).order_by(*(column(name) for name in order), copy=False)
        return write_parquet(connection, query, out, timezone=timezone)
    except duckdb.Error as error:
        raise malformed(error, files) from error


def _order(table: TypedTable, primary_key: Sequence[str], label: str) -> list[str]:
    """Return all columns, the key's first: rows that are equal in all of them may change places."""
    for name in primary_key:
        if name not in table.types:
            raise MlopscError(f"{label} has no column {name!r}, which `primary_key` names")
    return list(dict.fromkeys([*primary_key, *table.types]))


def _check_event_time(table: TypedTable, event_time: str | None, label: str) -> None:
    if event_time is None:
        return
    if event_time not in table.types:
        raise MlopscError(f"{label} has no column {event_time!r}, which `event_time` names")
    if (kind := table.types[event_time]) not in ("date", "timestamp"):
        raise MlopscError(
            f"{label}: `event_time` column {event_time!r} is {kind}, expected a timestamp or date",
            help="declare its type, and write its values as 2013-12-31 15:00:00 or 2013-12-31",
        )


def _misfit(
    connection: "duckdb.DuckDBPyConnection",
    table: TypedTable,
    name: str,
    count: int,
    files: Sequence[SourceFile],
    source: FileSource | None,
    *,
    ordered: bool,
) -> MlopscError:
    """Find the first cell that does not fit, file by file, and describe it."""
    for file in files:
        own = of_file(table, file, source, files)
        query = fragment(
            "select r, cast(x as varchar) from "
            "(select row_number() over () as r, $x as x, $v as v from $t as t) as t "
            "where x is not null and v is null order by r limit 1",
            x=column(name), v=table.cells[name], t=own,
        )  # fmt: skip
        for row, shown in connection.execute(text(query)).fetchall():
            place = f"row {row}"
            if isinstance(source, JsonLinesSource):
                place = f"line {row}"
            elif isinstance(source, CsvSource):
                with suppress(UnicodeDecodeError):
                    place = f"line {csv_lines(source, file, [row])[0]} (row {row})"
            more = f" ({count} such cells)" if count > 1 else ""
            return MlopscError(
                f"{file.label}{f', {place}' if ordered else ''}: column {name!r} holds {_shown(shown)}, "
                f"expected {table.types[name]}{more}",
                help="correct the data or the declared type; a text that means null goes into `nulls`"
                if isinstance(source, CsvSource)
                else "correct the data or the declared type",
            )
    return MlopscError(f"{files[0].label}: column {name!r} holds cells that are not {table.types[name]}")


def of_file(
    table: TypedTable,
    file: SourceFile,
    source: FileSource | None,
    files: Sequence[SourceFile],
) -> exp.Expr:
    """Return one file of a table of several, with the same columns."""
    if len(files) == 1:
        return table.source
    match source:
        case CsvSource():
            return csv_table(source, [file])[0]
        case JsonLinesSource():
            return _of_paths(table, file, files)
        case _:
            return _of_paths(table, file, files)


def _of_paths(table: TypedTable, file: SourceFile, files: Sequence[SourceFile]) -> exp.Expr:
    """Return the table with the list of paths cut down to one; the columns stay those of all files."""
    others = {str(other.path.absolute()) for other in files} - {str(file.path.absolute())}
    own = table.source.copy()
    for array in own.find_all(exp.Array):
        array.set("expressions", [item for item in array.expressions if item.name not in others])
    return own


def _shown(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:80] + "…")


def malformed(error: Exception, files: Sequence[SourceFile]) -> MlopscError:
    """Return DuckDB's complaint about a text file: which file, which line, what is wrong there."""
    message = str(error)
    label = next((file.label for file in files if str(file.path) in message), files[0].label)
    if found := _CSV_ERROR.search(message):
        lines = [
            line for line in message.splitlines()[1:] if line.strip() and not line.startswith("Original")
        ]
        wrong = next((line for line in lines if "Expected Number" in line or line.endswith("found.")), "")
        if "unicode" in message:
            wrong = "the bytes are not text of the declared `encoding`"
        what = re.sub(
            r"Expected Number of Columns: (\d+) Found: (\d+)", r"expected \1 cells, found \2", wrong
        )
        return MlopscError(f"{label}, line {found.group(1)}: {what or 'the row cannot be read'}")
    if found := _JSON_ERROR.search(message):
        return MlopscError(f"{label}, line {found.group(1)}: malformed JSON: {found.group(2).strip()}")
    return MlopscError(f"{label}: {failure(error)}")
