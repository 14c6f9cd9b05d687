"""Lines of CSV that cannot be read, put aside: with their number, what is wrong with them, and their text.

A record is judged as a whole. One whose quote is never closed ends with the file, and so does what is put aside; when
that is more than the source's `limits.line`, the line that opens the quote is put aside alone, and the next is looked
at anew. What is left is written out, so that it is read like any file.
"""

import csv
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.parquet import write_batches
from mlopsc.runtime.sources.csv_text import csv_names, csv_rows, without_comment
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.vocabulary.policy import memory_bytes
from mlopsc.vocabulary.sources import CsvSource

_SHOWN = 4_000
"""Characters of a line's text that are kept."""


@dataclass(frozen=True)
class BadLine:
    """A record that was put aside; `line` counts from 1 in the file."""

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class GoodLines:
    """What is left of a file."""

    file: SourceFile
    lines: "array[int]"
    """The line on which each row began."""
    offsets: "array[int]"
    """The byte at which each row begins here, and where the last ends."""

    def bad(self, row: int, reason: str) -> BadLine:
        """Return a row (from 1) that turned out to be bad after all."""
        with self.file.path.open("rb") as binary:
            binary.seek(self.offsets[row - 1])
            data = binary.read(min(4 * _SHOWN, self.offsets[row] - self.offsets[row - 1]))
        return BadLine(
            self.file.label, self.lines[row - 1], reason, _shown(data.decode("utf-8", "replace").rstrip("\n"))
        )


@dataclass
class Parted:
    """Files parted into lines that can be read and others."""

    source: CsvSource
    """How to read the good lines."""
    good: list[GoodLines] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files of good lines."""
        return tuple(part.file for part in self.good)


def part_lines(source: CsvSource, files: Sequence[SourceFile], folder: Path) -> Parted:
    """Part UTF-8 files; the good lines are written into the folder.

    Raises MlopscError for a file without a header, or with another one than the first has.
    """
    names = csv_names(source, files[0])
    plain = {"encoding": "utf-8", "comment": None, "skip_rows": 0, "bad_lines": "error"}
    parted = Parted(source.model_copy(update=plain))
    for number, file in enumerate(files):
        if number and csv_names(source, file) != names:
            raise MlopscError(f"{file.label} has other columns than {files[0].label}")
        target = folder / f"good-{number:06d}.csv"
        good = GoodLines(SourceFile(target, file.label), array("q"), array("q"))
        with (
            file.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines,
            target.open("wb") as writer,
        ):
            for _ in range(source.skip_rows):
                lines.readline()
            records = _Records(source, lines, len(names), file.label)
            header = source.header
            for first, text, reason in records:
                if reason is not None and not header:
                    parted.bad.append(BadLine(file.label, first, reason, _shown(text)))
                    continue
                if not header:
                    good.lines.append(first)
                    good.offsets.append(writer.tell())
                header = False
                writer.write(text.encode("utf-8", "surrogateescape") + b"\n")
            good.offsets.append(writer.tell())
        parted.good.append(good)
    return parted


@dataclass
class _Records:
    """Iterates over records: (first line, text without its end, what is wrong or None)."""

    source: CsvSource
    lines: IO[str]
    width: int
    label: str
    back: "deque[str]" = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._bare = self.source.model_copy(update={"comment": None})

    def __iter__(self) -> Iterator[tuple[int, str, str | None]]:
        number, most = self.source.skip_rows, memory_bytes(self.source.limits.line)
        while line := self._next(most):
            number += 1
            if len(line) > most:
                text = line
                while not line.endswith(("\n", "\r")) and (line := self._next(most)):
                    pass
                yield number, text, f"longer than {self.source.limits.line} bytes"
                continue
            text = without_comment(line, self.source).rstrip("\r\n")
            if not text.strip() and (self.width > 1 or text != line.rstrip("\r\n")):
                continue
            if self.source.quote is None or self.source.quote not in text:
                yield number, text, self._wrong(text.count(self.source.delimiter) + 1, text)
                continue
            first = number
            whole = text == line.rstrip("\r\n")
            text, taken, reason = self._quoted(line if whole else text + "\n", most)
            number += taken
            yield first, text, reason

    def _next(self, most: int) -> str:
        return self.back.popleft() if self.back else self.lines.readline(most + 2)

    def _wrong(self, cells: int, text: str) -> str | None:
        spare = cells == self.width + 1 and text.endswith(self.source.delimiter)
        if cells != self.width and not spare:
            return f"expected {self.width} cells, found {cells}"
        if not text.isascii() and (byte := next((c for c in text if "\udc80" <= c <= "\udcff"), None)):
            return f"byte 0x{ord(byte) - 0xDC00:02x} is no utf-8"
        return None

    def _quoted(self, line: str, most: int) -> tuple[str, int, str | None]:
        """Return a record with quotes, its text, how many more lines it takes, what is wrong."""
        taken = [line]
        size = len(line)

        def more() -> Iterator[str]:
            nonlocal size
            yield line
            while size <= most and (further := self._next(most)):
                taken.append(further)
                size += len(further)
                yield further

        reason: str | None
        try:
            cells = next(csv_rows(self._bare, more(), strict=True))
            reason = self._wrong(len(cells), "".join(taken).rstrip("\r\n"))
        except csv.Error as error:
            reason = "text follows the end of a quoted cell"
            if "unexpected end" in str(error):
                reason = "a quote is opened and never closed"
                if size > most:
                    self.back.extendleft(reversed(taken[1:]))
                    del taken[1:]
        return "".join(taken).rstrip("\r\n"), len(taken) - 1, reason


def _shown(text: str) -> str:
    kept = text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
    return kept.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def write_bad(bad: Sequence[BadLine], out: Path) -> None:
    """Write lines that were put aside as one Parquet file, in the order given."""
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
    )
    columns = [[getattr(one, name) for one in bad] for name in schema.names]
    table = pa.Table.from_arrays(
        [pa.array(cells, field.type) for cells, field in zip(columns, schema, strict=True)], schema=schema
    )
    write_batches(table.to_reader(), out)
