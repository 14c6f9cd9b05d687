"""What is wrong with data, and where it stands: file, line, row, column."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import failure
from mlopsc.runtime.engine.statement import column, fragment, text
from mlopsc.runtime.sources.csv_text import csv_lines, csv_table
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.typed import TypedTable
from mlopsc.vocabulary.sources import (
    CsvSource,
    FileSource,
    JsonLinesSource,
)

if TYPE_CHECKING:
    import duckdb

_CSV_ERROR = re.compile(r"CSV Error on Line: (\d+)")
_TOO_LONG = re.compile(r"Maximum line size of (\d+) bytes exceeded")
_JSON_ERROR = re.compile(r"Malformed JSON.*? in line (\d+): (.*)")


def misfit_error(
    connection: "duckdb.DuckDBPyConnection",
    table: TypedTable,
    name: str,
    count: int,
    files: Sequence[SourceFile],
    source: FileSource | None,
    *,
    ordered: bool = True,
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
                f"{file.label}{f', {place}' if ordered else ''}: column {name!r} holds {shown_cell(shown)}, "
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
            return _one_of(table, file, files)
        case _:
            return _one_of(table, file, files)


def _one_of(table: TypedTable, file: SourceFile, files: Sequence[SourceFile]) -> exp.Expr:
    """Return the table with the list of paths cut down to one; the columns stay those of all files."""
    others = {str(other.path.absolute()) for other in files} - {str(file.path.absolute())}
    own = table.source.copy()
    for array in own.find_all(exp.Array):
        array.set("expressions", [item for item in array.expressions if item.name not in others])
    return own


def shown_cell(value: str) -> str:
    """Return a cell as messages show it."""
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
        if size := _TOO_LONG.search(message):
            return MlopscError(
                f"{label}, line {found.group(1)}: the row is longer than {size.group(1)} bytes",
                help="if that is meant, raise `limits: {line: …}` of the source",
            )
        what = re.sub(
            r"Expected Number of Columns: (\d+) Found: (\d+)", r"expected \1 cells, found \2", wrong
        )
        return MlopscError(f"{label}, line {found.group(1)}: {what or 'the row cannot be read'}")
    if "state machine reached an invalid state" in message:
        line = next((n for file in files if (n := _other_ending(file.path)) and file.label == label), None)
        place = label if line is None else f"{label}, line {line}"
        return MlopscError(f"{place}: lines end in several ways", help="let all end in \\n, or all in \\r\\n")
    if found := _JSON_ERROR.search(message):
        return MlopscError(f"{label}, line {found.group(1)}: malformed JSON: {found.group(2).strip()}")
    return MlopscError(f"{label}: {failure(error)}")


def _other_ending(path: Path) -> int | None:
    """Return the first line that ends otherwise than the first, None when all end alike."""
    with path.open(encoding="latin-1", newline="") as lines:
        endings = (line[len(line.rstrip("\r\n")) :] for line in lines)
        first = next(endings, "")
        return next((number for number, end in enumerate(endings, 2) if end not in (first, "")), None)
