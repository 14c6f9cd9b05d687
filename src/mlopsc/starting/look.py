"""From a file to a draft, or to a dataset's entry alone: read, measured, decided. Nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.profiling.columns import profile_columns
from mlopsc.profiling.nulls import null_words
from mlopsc.profiling.reading import source_of
from mlopsc.profiling.table import Table, open_table
from mlopsc.runtime.sources.files import located
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.starting.decide import decide
from mlopsc.starting.draft import Draft
from mlopsc.starting.naming import slug
from mlopsc.starting.place import Place
from mlopsc.starting.proposal import Origin, Proposal, Wishes, propose_dataset, sparse_checks
from mlopsc.vocabulary.sources import CsvSource, FileSource, ParquetSource

_ROOT = Path("/")


def look(place: Place, label: str, wishes: Wishes, *, encoding: str | None = None) -> Draft:
    """Return the draft of a spec for a file and a label.

    Raises UsageError for what cannot be begun from, MlopscError for a file that cannot be read.
    """
    with _opened(place, encoding) as (table, origin):
        return decide(table, label, wishes, name=_stem(place), origin=origin)


def look_at_dataset(
    place: Place, wishes: Wishes, *, name: str | None = None, encoding: str | None = None
) -> Proposal:
    """Return the entry of a dataset for a file; `name` is what the spec shall call it, by default the file's.

    Raises UsageError for a file without rows and for wishes that cannot be, MlopscError for one that cannot be read.
    """
    with _opened(place, encoding) as (table, origin):
        if not table.rows:
            raise UsageError(
                f"{place.origin} has no rows", help="expected a table with a header and rows below it"
            )
        columns = profile_columns(table)
        called = name or slug(_stem(place), "data")
        found = propose_dataset(table, columns, wishes, name=called, origin=origin, everything=True)
    return replace(found, checks=(*found.checks, *sparse_checks(found, list(columns))))


@contextmanager
def _opened(place: Place, encoding: str | None) -> Iterator[tuple[Table, Origin]]:
    nulls: dict[str, tuple[str, ...]] = {}
    with located(ParquetSource(path=place.here), _ROOT, no_secrets) as found:
        files = [file if len(found) > 1 else SourceFile(file.path, place.origin) for file in found]
        source: FileSource = source_of(files[0], place.here, encoding)
        if isinstance(source, CsvSource):
            nulls = null_words(source, files)
            source = source.model_copy(update={"nulls": tuple(nulls)})
        if encoding is not None and not isinstance(source, CsvSource):
            raise UsageError(f"--encoding {encoding}: {place.origin} is {source.type}, which has its own")
    with open_table(source, _ROOT) as table:
        yield table, Origin(place.origin, source.model_copy(update={"path": place.path}), nulls)


def _stem(place: Place) -> str:
    return Path(place.path.rpartition("/")[2]).stem
