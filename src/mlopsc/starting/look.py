"""From a file to a draft: read, measured, decided. Nothing is written."""

from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.profiling.nulls import null_words
from mlopsc.profiling.reading import source_of
from mlopsc.profiling.table import open_table
from mlopsc.runtime.sources.files import located
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.starting.decide import Wishes, decide
from mlopsc.starting.draft import Draft
from mlopsc.starting.place import Place
from mlopsc.vocabulary.sources import CsvSource, FileSource, ParquetSource

_ROOT = Path("/")


def look(place: Place, label: str, wishes: Wishes, *, encoding: str | None = None) -> Draft:
    """Return the draft of a spec for a file and a label.

    Raises UsageError for what cannot be begun from, MlopscError for a file that cannot be read.
    """
    nulls: dict[str, tuple[str, ...]] = {}
    with located(ParquetSource(path=place.here), _ROOT, no_secrets) as found:
        files = [file if len(found) > 1 else SourceFile(file.path, place.origin) for file in found]
        source: FileSource = source_of(files[0], place.here, encoding)
        if isinstance(source, CsvSource):
            nulls = null_words(source, files)
            source = source.model_copy(update={"nulls": tuple(nulls)})
        if encoding is not None and not isinstance(source, CsvSource):
            raise UsageError(f"--encoding {encoding}: {place.origin} is {source.type}, which has its own")
    name = Path(place.path.rpartition("/")[2]).stem
    with open_table(source, _ROOT) as table:
        return decide(
            table,
            label,
            wishes,
            name=name,
            origin=place.origin,
            source=source.model_copy(update={"path": place.path}),
            nulls=nulls,
        )
