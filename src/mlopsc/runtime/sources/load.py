"""From any source to one canonical Parquet file, with the declared types applied and nothing else changed."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import write_parquet
from mlopsc.runtime.engine.statement import column, fragment, named, select, text
from mlopsc.runtime.sources.bad_lines import part_lines, write_bad
from mlopsc.runtime.sources.faults import malformed, misfit_error, of_file, shown_cell
from mlopsc.runtime.sources.found import FoundFiles, FoundTable, SourceFile
from mlopsc.runtime.sources.handles import Secrets, no_secrets
from mlopsc.runtime.sources.opening import open_source
from mlopsc.runtime.sources.parquet_table import (
    require_holdable,
)
from mlopsc.runtime.sources.preparing import paths_of, prepare_rows, prepare_table
from mlopsc.runtime.sources.remote.reach import PUBLIC, Reach
from mlopsc.runtime.sources.text import misfits
from mlopsc.runtime.sources.typed import TypedTable
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import (
    CsvSource,
    FileSource,
    ParquetSource,
    Source,
)

if TYPE_CHECKING:
    import duckdb


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
    rejected: Path | None = None,
) -> int:
    """Write the source to `out` as one Parquet file in the order of its files and rows; return the row count.

    Where rows have no order, as in a database, it is that of `primary_key`, then of all columns.

    Declared types are applied; where a cell does not fit, MlopscError names file, row, column, value, type.
    Other columns of text files get the narrowest type that fits every cell (`true`/`false` are bool, numbers
    with leading zeros and Yes/No stay strings). Naive timestamps are local times of `timezone` (None: UTC).
    MlopscError also says what is wrong with a missing, empty or malformed file, or a function's result.

    With `rejected`, lines of CSV whose source says `bad_lines: quarantine` are written there, see `bad_lines`.
    """
    zone = timezone or "UTC"
    with open_source(source, project=project, secrets=secrets, reach=reach, seen=seen) as found:
        match found:
            case FoundFiles(CsvSource() as kind, files, _) if kind.bad_lines == "quarantine":
                return _load_good(kind, files, columns, out, rejected, zone, event_time, threads)
            case FoundFiles(kind, files, ordered):
                if isinstance(kind, ParquetSource):
                    require_holdable(kind, files)
                with connect(*paths_of(files), threads=threads) as connection:
                    table = prepare_table(connection, kind, files, columns, zone)
                    order = None if ordered else _order(table, primary_key, files[0].label)
                    return write_table(connection, table, files, kind, out, zone, event_time, order)
            case FoundTable():
                with connect(threads=threads) as connection:
                    table = prepare_rows(connection, found, columns, zone)
                    files = (SourceFile(Path(), found.label),)
                    return write_table(connection, table, files, None, out, zone, event_time)
            case _:
                assert_never(found)


def write_table(
    connection: "duckdb.DuckDBPyConnection",
    table: TypedTable,
    files: Sequence[SourceFile],
    source: FileSource | None,
    out: Path,
    timezone: str,
    event_time: str | None,
    order: Sequence[str] | None = None,
) -> int:
    """Write a table whose cells all fit, in its own order or by the columns of `order`. Raises MlopscError."""
    import duckdb

    _check_event_time(table, event_time, files[0].label)
    risky = [name for name, value in table.cells.items() if not isinstance(value, exp.Column)]
    try:
        if risky:
            counts = select(*(misfits(column(n), table.cells[n]) for n in risky), source=table.source)
            row = connection.execute(text(counts)).fetchall()[0]
            for name, count in zip(risky, row, strict=True):
                if count:
                    raise misfit_error(connection, table, name, count, files, source, ordered=order is None)
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


def _load_good(
    source: CsvSource,
    files: Sequence[SourceFile],
    columns: Mapping[str, Column],
    out: Path,
    rejected: Path | None,
    timezone: str,
    event_time: str | None,
    threads: int | None,
) -> int:
    """Load the lines that can be read, and put the others aside."""
    with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
        parted = part_lines(source, files, Path(folder))
        with connect(*paths_of(parted.files), threads=threads) as connection:
            table = prepare_table(connection, parted.source, parted.files, columns, timezone)
            bad = list(parted.bad)
            risky = [name for name, value in table.cells.items() if not isinstance(value, exp.Column)]
            for part in parted.good if risky else ():
                own = of_file(table, part.file, parted.source, parted.files)
                for row, name, shown in _unfit(connection, own, table, risky):
                    reason = f"column {name!r} holds {shown_cell(shown)}, expected {table.types[name]}"
                    bad.append(part.bad(row, reason))
            if risky and len(bad) > len(parted.bad):
                table = TypedTable(_fitting(table, risky), table.cells, table.types)
            rows = write_table(connection, table, parted.files, parted.source, out, timezone, event_time)
    if bad:
        order = {file.label: number for number, file in enumerate(files)}
        bad.sort(key=lambda one: (order[one.file], one.line))
        first = f"{bad[0].file}, line {bad[0].line}: {bad[0].reason}"
        if not rows:
            raise MlopscError(f"every line would be put aside, {len(bad)} of them; the first: {first}")
        print(f"warning: {len(bad)} lines were put aside; the first: {first}")
    if rejected is not None:
        write_bad(bad, rejected)
    return rows


def _misfit_of(table: TypedTable, name: str) -> exp.Expr:
    return fragment("$x is not null and $v is null", x=column(name), v=table.cells[name])


def _fitting(table: TypedTable, risky: Sequence[str]) -> exp.Expr:
    """Return the table without rows that hold a cell of another type than declared."""
    return fragment(
        "select * from $t as t where not $bad",
        t=table.source,
        bad=exp.or_(*(_misfit_of(table, name) for name in risky)),
    )


def _unfit(
    connection: "duckdb.DuckDBPyConnection", own: exp.Expr, table: TypedTable, risky: Sequence[str]
) -> list[tuple[int, str, str]]:
    """Return each row of a file with a cell that is not of its type: number, first such column, that cell."""
    case, shown = exp.Case(), exp.Case()
    for name in risky:
        case = case.when(_misfit_of(table, name), exp.Literal.string(name))
        shown = shown.when(_misfit_of(table, name), fragment("cast($x as varchar)", x=column(name)))
    query = fragment(
        "select r, n, s from (select row_number() over () as r, $n as n, $s as s from $t as t) as t "
        "where n is not null order by r",
        n=case, s=shown, t=own,
    )  # fmt: skip
    return connection.execute(text(query)).fetchall()
