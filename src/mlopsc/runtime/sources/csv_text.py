"""Delimited text before DuckDB: its header, and every cell as text."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.statement import fragment
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.text import check_distinct, text_columns
from mlopsc.vocabulary.policy import memory_bytes
from mlopsc.vocabulary.sources import CsvSource

_HEADER = 1 << 22
_BUFFER = 32 << 20
"""Bytes that DuckDB reads at once by default."""


def csv_table(source: CsvSource, files: Sequence[SourceFile]) -> tuple[exp.Expr, list[str]]:
    """Return the files as one table of texts, and its columns.

    Raises MlopscError for an empty file, a repeated or missing name, and files with different headers.
    """
    names = csv_names(source, files[0])
    for file in files[1:]:
        if (others := csv_names(source, file)) != names:
            raise MlopscError(
                f"{file.label} has other columns than {files[0].label}: {', '.join(others)}",
                help=f"expected {', '.join(names)}",
            )
    return _read_csv(source, files, names), names


def _read_csv(source: CsvSource, files: Sequence[SourceFile], names: Sequence[str]) -> exp.Expr:
    """Return the files as a table; of a source that puts bad lines aside, without them (see `bad_lines`)."""
    return fragment(
        "read_csv($paths, auto_detect = false, header = $header, skip = $skip, delim = $delim, quote = $quote,"
        " escape = $escape, comment = $comment, nullstr = $nulls, encoding = $encoding, compression = 'none',"
        " max_line_size = $line, buffer_size = $buffer, ignore_errors = $lenient, columns = $columns)",
        paths=[str(file.path.absolute()) for file in files], header=source.header, skip=source.skip_rows,
        delim=source.delimiter, quote=source.quote or "", escape=source.escape or source.quote or "",
        comment=source.comment or "", nulls=["", *source.nulls], encoding=source.read_as,
        line=(line := memory_bytes(source.limits.line)), buffer=max(_BUFFER, 2 * line),
        lenient=source.bad_lines == "quarantine", columns=text_columns(names, "VARCHAR"),
    )  # fmt: skip


def csv_names(source: CsvSource, file: SourceFile) -> list[str]:
    """Return the names in the header, or made up for the cells of the first row."""
    with file.path.open("rb") as binary:
        data = binary.read(_HEADER)
    encoding = "utf-8-sig" if source.read_as == "utf-8" else source.read_as
    try:
        errors = "strict" if source.bad_lines == "error" else "replace"
        head = codecs.getincrementaldecoder(encoding)(errors).decode(data)
    except UnicodeDecodeError as error:
        raise MlopscError(
            f"{file.label} is not {source.encoding}: byte {error.start} is 0x{data[error.start]:02x}",
            help="say `encoding: latin-1` or whatever it is",
        ) from error
    lines = io.StringIO(head, newline="")
    for _ in range(source.skip_rows):
        lines.readline()
    try:
        row = next((row for row in csv_rows(source, lines) if row), None)
    except csv.Error as error:
        raise MlopscError(f"{file.label}, line {source.skip_rows + 1}: {error}") from error
    if not row:
        raise MlopscError(f"{file.label} is empty: it has no {'header' if source.header else 'rows'}")
    if len(row) > source.limits.columns:
        raise MlopscError(
            f"{file.label} has more than {source.limits.columns} columns",
            help="if that is meant, raise `limits: {columns: …}` of the source",
        )
    if source.header and any("\0" in cell for cell in row):
        raise MlopscError(f"{file.label} holds null characters", help="say `encoding: utf-16` if it is that")
    names = [cell if source.header and cell else f"column{i}" for i, cell in enumerate(row)]
    check_distinct(names, file)
    return names


def csv_rows(source: CsvSource, lines: Iterable[str], *, strict: bool = False) -> Any:
    """Return Python's reader of the source's dialect; comments are left out. `strict` is csv's."""
    return csv.reader(
        lines if source.comment is None else _uncommented(lines, source),
        delimiter=source.delimiter,
        quotechar=source.quote,
        escapechar=source.escape if source.escape != source.quote else None,
        doublequote=source.escape in (None, source.quote),
        strict=strict,
        quoting=csv.QUOTE_MINIMAL if source.quote is not None else csv.QUOTE_NONE,
    )


def _uncommented(lines: Iterable[str], source: CsvSource) -> Iterator[str]:
    for line in lines:
        text = without_comment(line, source)
        yield text if text is line else text + "\n"


def without_comment(line: str, source: CsvSource) -> str:
    """Return a line up to its comment, which begins outside of quotes; the line itself when it has none."""
    sign = source.comment
    if sign is None or sign not in line:
        return line
    quoted = False
    for at, character in enumerate(line):
        if character == source.quote:
            quoted = not quoted
        elif character == sign and not quoted:
            return line[:at]
    return line


def csv_lines(source: CsvSource, file: SourceFile, rows: Sequence[int]) -> list[int]:
    """Return the lines on which data rows (from 1, ascending) begin."""
    encoding = "utf-8-sig" if source.read_as == "utf-8" else source.read_as
    found: list[int] = []
    with file.path.open(encoding=encoding, newline="") as lines:
        for _ in range(source.skip_rows):
            lines.readline()
        reader = csv_rows(source, lines)
        begins = source.skip_rows + 1
        numbered = 1 - source.header
        wanted = iter(rows)
        row = next(wanted, None)
        for cells in reader:
            if cells:
                while row is not None and numbered == row:
                    found.append(begins)
                    row = next(wanted, None)
                if row is None:
                    break
                numbered += 1
            begins = source.skip_rows + reader.line_num + 1
    return found
