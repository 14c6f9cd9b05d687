"""How much a source may ask of the machine that reads it."""

from typing import Annotated

from pydantic import Field

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.policy import Memory

_Count = Annotated[int, Field(ge=1, le=10_000_000)]


class Limits(Frozen):
    """What is more than this is refused before, or as soon as, it is read."""

    files: _Count = 10_000
    """Files that a glob may match."""
    download: Memory = "50G"
    """Bytes that may be fetched from a URL, all files together."""
    unpacked: Memory = "200G"
    """Bytes that compressed files may hold, all together: gzip, zstd, xlsx, and the pages of Parquet."""
    ratio: _Count = 1_000
    """How many times its own size a compressed file may hold, once that is more than 256 MiB."""
    columns: _Count = 10_000
    """Columns of a table."""
    line: Memory = "16Mi"
    """Bytes of one row of CSV or JSON lines, and so of its largest cell."""
