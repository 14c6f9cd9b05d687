"""A look at a source: which columns loading would give, without loading it."""

from collections.abc import Mapping
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

from mlopsc.runtime.sources.files import is_remote, located
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.parquet import Footers, declared_types
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import ExcelSource, FileSource, ParquetSource, Source

_ROWS = 1000
_HEAD = 4 << 20
"""Bytes of a compressed text that are looked at."""


def peek_schema(
    source: Source,
    columns: Mapping[str, Column],
    *,
    project: Path,
    timezone: str | None = None,
    footers: Footers | None = None,
) -> dict[str, str] | None:
    """Return the columns that loading would give: name → type; None when only a run can tell.

    Parquet: the footer. Text: the header, and the first rows for the types of undeclared columns, so that in
    a long file the type of one may be wider. Other sources and remote files: None. Raises MlopscError as loading
    does. Who looks at many sources gives `footers`, open as long as needed.
    """
    if not isinstance(source, FileSource | ExcelSource) or is_remote(source.path):
        return None
    if isinstance(source, ExcelSource) and find_spec("openpyxl") is None:
        return None
    with located(source, project, no_secrets, head=_HEAD) as files:
        if isinstance(source, ExcelSource):
            from mlopsc.runtime.sources.excel import open_sheets
            from mlopsc.runtime.sources.preparing import table_types

            return table_types(open_sheets(source, files, rows=_ROWS), columns, timezone)
        if not isinstance(source, ParquetSource) or source.hive_partitioning:
            from mlopsc.runtime.sources.preparing import first_types  # sqlglot: a footer does without

            return first_types(source, files, columns, timezone)
        with nullcontext(footers) if footers is not None else Footers() as reader:
            return declared_types(reader.types(source, files), columns, files[0].label)
