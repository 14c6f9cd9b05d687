"""The kinds of source: how each is opened, and what tells that it changed.

A kind has a function in a module of its own that gives `Found` (as a context manager, when something is to be put
away afterwards), and a case in each function here.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import assert_never

from mlopsc.runtime.sources.files import file_version, fingerprint_files, located
from mlopsc.runtime.sources.found import Found, FoundFiles
from mlopsc.runtime.sources.handles import Secrets
from mlopsc.runtime.sources.remote.reach import PUBLIC, Reach
from mlopsc.vocabulary.sources import (
    CsvSource,
    DeltaSource,
    ExcelSource,
    FeastSource,
    IcebergSource,
    JsonLinesSource,
    ParquetSource,
    PythonSource,
    Source,
    SqlSource,
)
from mlopsc.vocabulary.versions import SourceVersion


@contextmanager
def open_source(
    source: Source, *, project: Path, secrets: Secrets, reach: Reach = PUBLIC, seen: str | None = None
) -> Iterator[Found]:
    """Give what a source holds, as long as the context lasts.

    What lies elsewhere comes from hosts that `reach` allows; `seen` is the fingerprint of what is wanted, if a look
    at the source came before. Raises MlopscError when it is missing, cannot be reached or leads out of the project.
    """
    match source:
        case ParquetSource() | CsvSource() | JsonLinesSource():
            with located(source, project, secrets, reach=reach, seen=seen) as files:
                yield FoundFiles(source, tuple(files))
        case ExcelSource():
            from mlopsc.runtime.sources.excel import open_sheets

            with located(source, project, secrets, reach=reach, seen=seen) as files:
                yield open_sheets(source, files)
        case PythonSource():
            from mlopsc.runtime.sources.function import open_function

            with open_function(source, project, secrets) as returned:
                yield returned
        case FeastSource():
            from mlopsc.runtime.sources.feast import open_feature_view

            with open_feature_view(source, project) as rows:
                yield rows
        case SqlSource():
            from mlopsc.runtime.sources.sql import open_query

            with open_query(source, project, secrets) as rows:
                yield rows
        case DeltaSource():
            from mlopsc.runtime.sources.lake import open_delta

            with open_delta(source, project, secrets, reach) as rows:
                yield rows
        case IcebergSource():
            from mlopsc.runtime.sources.lake import open_iceberg

            with open_iceberg(source, project, secrets, reach) as rows:
                yield rows
        case _:
            assert_never(source)


def fingerprint_source(
    source: Source, *, project: Path, secrets: Secrets, reach: Reach = PUBLIC, seen: str | None = None
) -> str | None:
    """Return a text that changes whenever the source's content does, None when only loading can tell.

    `seen` is what a step was prepared with, when it is asked again after the step. Raises MlopscError as
    `open_source` does.
    """
    match source:
        case ParquetSource() | CsvSource() | JsonLinesSource() | ExcelSource():
            return fingerprint_files(source, project, secrets, reach=reach, seen=seen)
        case PythonSource() | SqlSource() | FeastSource():
            return None
        case DeltaSource() | IcebergSource():
            from mlopsc.runtime.sources.lake import lake_version

            table, version = lake_version(source, project, secrets, reach)
            return "sha256:" + hashlib.sha256(f"{table} {version}".encode()).hexdigest()
        case _:
            assert_never(source)


def source_version(
    source: Source, *, project: Path, secrets: Secrets, reach: Reach = PUBLIC
) -> SourceVersion | None:
    """Return which of a source's versions is read, None of one that keeps none.

    Raises MlopscError as `open_source` does.
    """
    match source:
        case DeltaSource() | IcebergSource():
            from mlopsc.runtime.sources.lake import lake_version

            return lake_version(source, project, secrets, reach)[1]
        case ParquetSource() | CsvSource() | JsonLinesSource() | ExcelSource():
            return file_version(source, project)
        case _:
            return None
