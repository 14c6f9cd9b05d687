"""The kinds of source: how each is opened, and what tells that it changed.

A kind has a function in a module of its own that gives `Found` (as a context manager, when something is to be put
away afterwards), and a case in each function here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import assert_never

from mlopsc.runtime.sources.files import fingerprint_files, located
from mlopsc.runtime.sources.found import Found, FoundFiles
from mlopsc.runtime.sources.handles import Secrets
from mlopsc.vocabulary.sources import CsvSource, JsonLinesSource, ParquetSource, PythonSource, Source


@contextmanager
def open_source(source: Source, *, project: Path, secrets: Secrets) -> Iterator[Found]:
    """Give what a source holds, as long as the context lasts.

    Raises MlopscError when it is missing, cannot be reached or leads out of the project.
    """
    match source:
        case ParquetSource() | CsvSource() | JsonLinesSource():
            with located(source, project, secrets) as files:
                yield FoundFiles(source, tuple(files))
        case PythonSource():
            from mlopsc.runtime.sources.function import call_source

            yield call_source(source, project, secrets)
        case _:
            assert_never(source)


def fingerprint_source(source: Source, *, project: Path, secrets: Secrets) -> str | None:
    """Return a text that changes whenever the source's content does, None when only loading can tell.

    Raises MlopscError as `open_source` does.
    """
    match source:
        case ParquetSource() | CsvSource() | JsonLinesSource():
            return fingerprint_files(source, project, secrets)
        case PythonSource():
            return None
        case _:
            assert_never(source)
