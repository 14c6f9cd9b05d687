"""Lowering of sources: a query's text in the place of its file, instants as such, a version where the lock pins one."""

from mlopsc.compiler.analysis import Analysis
from mlopsc.spec.datasets import Dataset
from mlopsc.vocabulary.lock import LockedDataset
from mlopsc.vocabulary.references import ParameterReference, parameter_alone
from mlopsc.vocabulary.sources import DeltaSource, FeastSource, Files, IcebergSource, Source, SqlSource
from mlopsc.vocabulary.sources.sql import SqlTimestamp
from mlopsc.vocabulary.versions import SourceVersion


def lowered_source(analysis: Analysis, dataset: Dataset, locked: LockedDataset | None) -> Source:
    """Return a dataset's source as its step takes it; a run with the lock reads the version that the lock holds."""
    source = dataset.source
    if isinstance(source, SqlSource):
        return _query(analysis, source)
    if analysis.locked and locked is not None and locked.version is not None:
        return pinned(source, locked.version)
    return source


def ordering_key(dataset: Dataset) -> tuple[str, ...]:
    """Return the primary key of a dataset whose source has no order of its own."""
    unordered = isinstance(dataset.source, SqlSource | DeltaSource | IcebergSource | FeastSource)
    return (dataset.primary_key or ()) if unordered else ()


def pinned(source: Source, version: SourceVersion) -> Source:
    """Return the source at a version that it had, unless it names one itself, or is of another kind now.

    A Git revision may move, as a branch does: the lock holds the commit that it was."""
    match source, version.kind:
        case DeltaSource(version=None, timestamp=None), "delta":
            return source.model_copy(update={"version": int(version.id)})
        case IcebergSource(snapshot_id=None, as_of=None), "iceberg":
            return source.model_copy(update={"snapshot_id": int(version.id)})
        case Files(), "git" if source.revision is not None:
            return source.model_copy(update={"revision": version.id})
        case _:
            return source


def _query(analysis: Analysis, source: SqlSource) -> SqlSource:
    changes: dict[str, object] = {
        "parameters": {name: _instant(analysis, value) for name, value in source.parameters.items()}
    }
    if source.query_file is not None:
        # Of the file no reference is filled in: `${` in it is SQL, if it is anything.
        text = (analysis.project / source.query_file).read_text(encoding="utf-8")
        changes |= {"query": text.replace("${", "$${"), "query_file": None}
    return source.model_copy(update=changes)


def _instant(
    analysis: Analysis, value: SqlTimestamp | str | int | float | bool
) -> SqlTimestamp | str | int | float | bool:
    name = parameter_alone(value) if isinstance(value, str) else None
    declared = analysis.spec.parameters.get(name) if name is not None else None
    if name is None or declared is None or declared.type != "timestamp":
        return value
    return SqlTimestamp(timestamp=ParameterReference(name))
