"""How a file is to be read: its format by name and first bytes, the delimiter and encoding of text."""

import codecs
import csv
import io
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.vocabulary.sources import CsvSource, FileSource, JsonLinesSource, ParquetSource

_PARQUET, _JSON_LINES = (".parquet", ".pq", ".parq"), (".jsonl", ".ndjson")
_OTHERS = {
    ".json": "write one object a line and call it .jsonl",
    ".xlsx": "export the sheet as CSV",
    ".xls": "export the sheet as CSV",
    ".feather": "write it as Parquet",
    ".arrow": "write it as Parquet",
    ".pkl": "write it as Parquet",
    ".gz": "unpack it",
    ".zip": "unpack it",
    ".zst": "unpack it",
    ".bz2": "unpack it",
}
_DELIMITERS = (",", ";", "\t", "|")
_HEAD, _LINES, _CHUNK = 1 << 16, 50, 1 << 20


def source_of(file: SourceFile, path: str, encoding: str | None = None) -> FileSource:
    """Return the source that reads the file, with `path` as the spec shall name it.

    Raises UsageError for a format that no source reads, MlopscError for a file that is empty or whose text is not in
    the encoding (None: UTF-8, or UTF-16 by its byte order mark).
    """
    suffix = Path(path).suffix.lower()
    with file.path.open("rb") as binary:
        head = binary.read(_HEAD)
    if suffix in _PARQUET or head.startswith(b"PAR1"):
        return ParquetSource(path=path)
    if suffix in _OTHERS:
        raise UsageError(f"{file.label}: no source reads {suffix} files", help=_OTHERS[suffix])
    if not head.strip():
        raise MlopscError(f"{file.label} is empty")
    if suffix in _JSON_LINES:
        return JsonLinesSource(path=path)
    found = encoding or _encoding(file, head)
    text = codecs.getincrementaldecoder("utf-8-sig" if found == "utf-8" else found)("replace").decode(head)
    return CsvSource.model_validate({"path": path, "delimiter": _delimiter(text), "encoding": found})


def _encoding(file: SourceFile, head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        raise MlopscError(
            f"{file.label} is no text: it holds null bytes", help="expected CSV, JSON lines or Parquet"
        )
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    with file.path.open("rb") as binary:
        while data := binary.read(_CHUNK):
            try:
                decoder.decode(data)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise MlopscError(
                    f"{file.label}, line {line}: the byte 0x{error.object[error.start]:02x} is not UTF-8",
                    help="say which encoding it has: `--encoding latin-1`, or save it as UTF-8",
                ) from error
            line += data.count(b"\n")
    return "utf-8"


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts the first lines into the most cells, the same number in each."""
    best = (1, ",")
    for delimiter in _DELIMITERS:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[:_LINES]
        whole = rows[:-1] if len(rows) > 1 and len(text) >= _HEAD // 4 else rows
        sizes = {len(row) for row in whole if row}
        if len(sizes) == 1 and (size := sizes.pop()) > best[0]:
            best = (size, delimiter)
    return best[1]
