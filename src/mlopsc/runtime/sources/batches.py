"""Files in batches: the columns that are wanted, each cell of its type, and every cell that is not, by row and column.

Memory holds a batch, never the file: what is read once need not be kept.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import canonical, describe
from mlopsc.runtime.engine.statement import column, fragment, named, select, text
from mlopsc.runtime.sources.csv_text import csv_lines, csv_table
from mlopsc.runtime.sources.faults import malformed, of_file
from mlopsc.runtime.sources.files import located
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.json_text import jsonl_table
from mlopsc.runtime.sources.parquet import parquet_types
from mlopsc.runtime.sources.parquet_table import require_holdable
from mlopsc.runtime.sources.preparing import prepare_table
from mlopsc.runtime.sources.remote.reach import PUBLIC, Reach
from mlopsc.vocabulary.columns import Column, from_duckdb
from mlopsc.vocabulary.sources import CsvSource, FileSource, JsonLinesSource, ParquetSource

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SHOWN = 5
"""How many cells that do not fit are told one by one."""
_READ = 65_536
_UNFIT = "__unfit__"


@dataclass(frozen=True)
class Unfit:
    """A cell that is not of its column's type; rows count from 1 in each file."""

    file: SourceFile
    row: int
    column: str
    value: str


@dataclass(frozen=True)
class Batch:
    """Rows that follow each other in one file."""

    table: "pa.Table"
    file: SourceFile
    first: int
    """How many rows, of all files, come before."""
    before: int
    """How many rows of its own file come before."""
    unfit: tuple[Unfit, ...]
    """The first cells that do not fit, by row, `SHOWN` at most; their value in the table is null."""
    unfit_count: int
    """How many cells do not fit."""


@dataclass(frozen=True)
class Batches:
    """Files that are open to be read."""

    source: FileSource
    files: tuple[SourceFile, ...]
    connection: "duckdb.DuckDBPyConnection"
    columns: Mapping[str, str | None]
    """The files' columns; a type of None is text, which may say a value of any type."""

    @property
    def label(self) -> str:
        """How messages call the files."""
        return self.files[0].label

    def read(self, columns: Mapping[str, Column], timezone: str, rows: int) -> Iterator[Batch]:
        """Yield the wanted columns, in that order, in batches of `rows` rows; a file's last may be smaller, or empty.

        `columns` are wanted with the declared type, None: with their own, in text files the narrowest that fits every
        cell. Raises MlopscError for a malformed file, and for columns that cannot have the declared type.
        """
        import duckdb
        import pyarrow as pa

        table = prepare_table(
            self.connection, self.source, self.files, columns, timezone, only=columns.keys()
        )
        values = [named(table.cells[name], name) for name in columns]
        risky = [name for name in columns if not isinstance(table.cells[name], exp.Column)]
        first = 0
        for file in self.files:
            at = 0
            unfit = [
                named(
                    fragment(
                        "case when $x is not null and $value is null then cast($x as varchar) end",
                        x=column(name),
                        value=table.cells[name],
                    ),
                    f"{_UNFIT}{number}",
                )
                for number, name in enumerate(risky)
            ]
            query = select(*values, *unfit, source=of_file(table, file, self.source, self.files))
            try:
                whole = canonical(query, describe(self.connection, query), timezone)
                reader = self.connection.sql(text(whole)).to_arrow_reader(_READ)
                for read in _regrouped(reader, rows):
                    yield Batch(
                        read.select(list(columns)), file, first + at, at, *_unfit(read, risky, file, at)
                    )
                    at += read.num_rows
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                raise malformed(error, self.files) from error
            first += at

    def places(self, unfit: Iterable[Unfit]) -> list[str]:
        """Return where each cell stands, in the words of its file: `line 7 (row 6)` of CSV, else the row."""
        lines: dict[tuple[str, int], int] = {}
        cells = list(unfit)
        if isinstance(self.source, CsvSource):
            for file in dict.fromkeys(one.file for one in cells):
                own = sorted({one.row for one in cells if one.file == file})
                with suppress(UnicodeDecodeError):
                    found = csv_lines(self.source, file, own)
                    lines |= {(file.label, row): line for row, line in zip(own, found, strict=True)}
        return [self._place(one, lines.get((one.file.label, one.row))) for one in cells]

    def _place(self, unfit: Unfit, line: int | None) -> str:
        place = f"row {unfit.row}"
        if isinstance(self.source, JsonLinesSource):
            place = f"line {unfit.row}"
        elif line is not None:
            place = f"line {line} (row {unfit.row})"
        return f"{unfit.file.label}, {place}" if len(self.files) > 1 else place


@contextmanager
def open_batches(
    source: FileSource,
    project: Path,
    *,
    reach: Reach = PUBLIC,
    seen: str | None = None,
    threads: int | None = None,
) -> Iterator[Batches]:
    """Open files to be read in batches; `reach` and `seen` are as for `files.located`.

    Raises MlopscError when there is none, or one cannot be read.
    """
    import duckdb

    if isinstance(source, CsvSource):  # every row gets its answer, or the file is refused
        source = source.model_copy(update={"bad_lines": "error"})
    with (
        located(source, project, no_secrets, reach=reach, seen=seen) as files,
        connect(*(file.path for file in files), threads=threads) as connection,
    ):
        if isinstance(source, ParquetSource):
            require_holdable(source, files)
        try:
            columns = _columns(connection, source, files)
        except duckdb.Error as error:
            raise malformed(error, files) from error
        yield Batches(source, tuple(files), connection, columns)


def _columns(
    connection: "duckdb.DuckDBPyConnection", source: FileSource, files: list[SourceFile]
) -> dict[str, str | None]:
    match source:
        case ParquetSource():
            return {
                name: from_duckdb(kind) for name, kind in parquet_types(connection, source, files).items()
            }
        case CsvSource():
            return dict.fromkeys(csv_table(source, files)[1])
        case JsonLinesSource():
            return dict.fromkeys(jsonl_table(connection, source, files)[1])


def _regrouped(reader: Any, rows: int) -> Iterator["pa.Table"]:
    """Yield what a reader gives in tables of exactly so many rows, the last with the rest; one at least."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    count, given = 0, False
    for batch in reader:
        waiting.append(batch)
        count += batch.num_rows
        while count >= rows:
            table = pa.Table.from_batches(waiting, reader.schema)
            yield table.slice(0, rows)
            given = True
            waiting, count = table.slice(rows).to_batches(), count - rows
    if count or not given:
        yield pa.Table.from_batches(waiting, reader.schema)


def _unfit(
    table: "pa.Table", risky: list[str], file: SourceFile, before: int
) -> tuple[tuple[Unfit, ...], int]:
    """Return the first cells that do not fit, and how many there are."""
    import pyarrow.compute as pc

    found, count = [], 0
    for number, name in enumerate(risky):
        cells = table.column(f"{_UNFIT}{number}")
        if cells.null_count < len(cells):
            count += len(cells) - cells.null_count
            positions = pc.indices_nonzero(pc.is_valid(cells))[:SHOWN]
            values = cells.take(positions).to_pylist()
            found += [
                Unfit(file, before + position + 1, name, value)
                for position, value in zip(positions.to_pylist(), values, strict=True)
            ]
    return tuple(sorted(found, key=lambda one: one.row)[:SHOWN]), count
