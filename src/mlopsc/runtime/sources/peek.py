"""A look at a source: which columns loading would give, without loading it."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.sources.files import located, no_secrets
from mlopsc.runtime.sources.parquet import declared_types, parquet_types
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import ParquetSource, PythonSource, Source


def peek_schema(
    source: Source, columns: Mapping[str, Column], *, project: Path, timezone: str | None = None
) -> dict[str, str] | None:
    """Return the columns that loading would give: name → type; None when only a run can tell.

    Parquet: the footer. Text: the header, and the first rows for the types of undeclared columns, so that in
    a long file the type of one may be wider. Functions and remote files: None. Raises MlopscError as loading
    does.
    """
    if isinstance(source, PythonSource) or ("://" in source.path and not source.path.startswith("file://")):
        return None
    with located(source, project, no_secrets) as files:
        if not isinstance(source, ParquetSource):
            from mlopsc.runtime.sources.load import first_types  # sqlglot: a footer does without

            return first_types(source, files, columns, timezone)
        with connect(*(file.path for file in files), threads=1) as connection:
            return declared_types(parquet_types(connection, files), columns, files[0].label)
