"""What a source of any kind turns out to be: local files of a format, or a table."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.vocabulary.sources import FileSource

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class SourceFile:
    """A local file, and how messages call it."""

    path: Path
    label: str


@dataclass(frozen=True)
class FoundFiles:
    """Files to read as `source` says, whatever place it names; what is big comes as Parquet files."""

    source: FileSource
    files: tuple[SourceFile, ...]
    ordered: bool = True
    """Whether the order of the rows means anything; a database has none."""


@dataclass(frozen=True)
class FoundTable:
    """A table in memory, read more than once; `label` is how messages call it."""

    table: "pa.Table"
    label: str


Found = FoundFiles | FoundTable
