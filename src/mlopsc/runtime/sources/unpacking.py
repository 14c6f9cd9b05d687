"""Text files as plain UTF-8 (or what DuckDB reads itself): unpacked where they are compressed, no more than allowed.

What a file is compressed with is told by its first bytes, not by its name.
"""

import codecs
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.bounds import Budget
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.vocabulary.sources import CsvSource, Files, JsonLinesSource

_CHUNK = 1 << 20
_KINDS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_REFUSED = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"PAR1": "Parquet"}


def plain_text(
    source: Files, files: Sequence[SourceFile], folder: Path, *, head: int | None = None
) -> list[SourceFile]:
    """Return the files, those that are compressed or in an encoding of Python's as copies in the folder.

    With `head`, copies hold the lines of about so many first bytes. Raises MlopscError for what cannot be unpacked,
    holds more than the source's limits allow, or is not text of its encoding.
    """
    if not isinstance(source, CsvSource | JsonLinesSource):
        return list(files)
    codec = source.recoded if isinstance(source, CsvSource) else None
    budget = Budget(source.limits)
    plain = []
    for number, file in enumerate(files):
        kind = _compression(file)
        if kind is None and codec is None:
            plain.append(file)
            continue
        target = folder / f"plain-{number:06d}"
        with file.path.open("rb") as packed, target.open("wb") as writer:
            chunks: Iterator[bytes] = _unpacked(packed, kind, file, budget)
            for chunk in _recoded(chunks, codec, file) if codec else chunks:
                writer.write(chunk)
                if head is not None and writer.tell() >= head:
                    break
        if head is not None:
            _end_with_line(target, head)
        plain.append(SourceFile(target, file.label))
    return plain


def _compression(file: SourceFile) -> str | None:
    with file.path.open("rb") as binary:
        first = binary.read(8)
    for magic, kind in _REFUSED.items():
        if first.startswith(magic):
            raise MlopscError(f"{file.label} is {kind}, not text", help="text may be plain, gzip or zstd")
    return next((kind for magic, kind in _KINDS.items() if first.startswith(magic)), None)


def _unpacked(packed: IO[bytes], kind: str | None, file: SourceFile, budget: Budget) -> Iterator[bytes]:
    if kind is None:
        while chunk := packed.read(_CHUNK):
            yield chunk
        return
    held = 0
    try:
        for chunk in _gunzipped(packed) if kind == "gzip" else _from_zstd(packed):
            held += len(chunk)
            budget.spend(len(chunk), file.label, packed=packed.tell(), held=held)
            yield chunk
    except (zlib.error, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise MlopscError(f"{file.label} is damaged or cut off: {kind} cannot be unpacked") from None


def _gunzipped(packed: IO[bytes]) -> Iterator[bytes]:
    """Yield what gzip members hold, `_CHUNK` bytes at most at a time; raises zlib.error and EOFError."""
    stream, rest = zlib.decompressobj(wbits=31), b""
    while True:
        rest = rest or packed.read(_CHUNK)
        if stream.eof:
            rest = rest.lstrip(b"\0")  # padding after the last member
            if not rest and not (rest := packed.read(_CHUNK)):
                return
            stream = zlib.decompressobj(wbits=31)
        elif not rest:
            raise EOFError
        chunk = stream.decompress(rest, _CHUNK)
        rest = stream.unused_data if stream.eof else stream.unconsumed_tail
        if chunk:
            yield chunk


def _from_zstd(packed: IO[bytes]) -> Iterator[bytes]:
    import pyarrow as pa

    stream: Any = pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd")
    # Its reads end at each frame; the file is at its end when one gives nothing.
    while chunk := stream.read(_CHUNK):
        yield chunk


def _recoded(chunks: Iterator[bytes], codec: str, file: SourceFile) -> Iterator[bytes]:
    """Yield the text as UTF-8. Raises MlopscError that names the byte that is none of its encoding."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            line += text.count("\n")
            yield text.encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        data, start = getattr(error, "object", b""), getattr(error, "start", 0)
        line += data[:start].count(b"\n") if isinstance(data, bytes) else 0
        byte = data[start : start + 1]
        shown = f": byte 0x{byte.hex()}" if isinstance(byte, bytes) and byte else ""
        raise MlopscError(
            f"{file.label} is not {codec}, line {line}{shown}", help="say which `encoding` it has"
        ) from None


def _end_with_line(path: Path, size: int) -> None:
    """Cut a head off after its last whole line."""
    with path.open("r+b") as file, suppress(OSError):
        data = file.read()
        if len(data) >= size:
            file.truncate(data.rfind(b"\n", 0, size) + 1 or len(data))
