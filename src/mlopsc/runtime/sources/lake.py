"""Tables of a lake as sources, read by their own libraries: Delta by deltalake, Iceberg by pyiceberg."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.found import FoundFiles, SourceFile
from mlopsc.runtime.sources.handles import Secrets, resolved
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.vocabulary.sources import ParquetSource
from mlopsc.vocabulary.sources.lake import DeltaSource, IcebergSource
from mlopsc.vocabulary.versions import SourceVersion

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from pyiceberg.table import Table as IcebergTable

_SAID = 300
"""Characters of a library's complaint that are passed on."""


@contextmanager
def open_delta(source: DeltaSource, project: Path, secrets: Secrets, reach: Reach) -> Iterator[FoundFiles]:
    """Give the table's rows as one Parquet file; raises MlopscError when table or version is not there."""
    table = _delta(source, project, secrets, reach)
    with _spooled(source.path, lambda: iter(table.scan())) as found:
        yield found


@contextmanager
def open_iceberg(
    source: IcebergSource, project: Path, secrets: Secrets, reach: Reach
) -> Iterator[FoundFiles]:
    """Give the table's rows as one Parquet file; raises MlopscError when table or snapshot is not there."""
    table = _iceberg(source, project, secrets, reach)
    snapshot = _snapshot(source, table)
    label = str(source.table or source.metadata)

    def batches() -> Iterable[Any]:
        scan = table.scan() if snapshot is None else table.scan(snapshot_id=snapshot)
        reader = scan.to_arrow_batch_reader()
        yield _empty(reader.schema)
        yield from reader

    with _spooled(label, batches) as found:
        yield found


def lake_version(
    source: DeltaSource | IcebergSource, project: Path, secrets: Secrets, reach: Reach
) -> tuple[str, SourceVersion | None]:
    """Return what names the table itself, whatever its place, and the version that is read; None of an empty one."""
    if isinstance(source, DeltaSource):
        table = _delta(source, project, secrets, reach)
        return str(table.metadata().id), SourceVersion(kind="delta", id=str(table.version()))
    found = _iceberg(source, project, secrets, reach)
    snapshot = _snapshot(source, found)
    version = None if snapshot is None else SourceVersion(kind="iceberg", id=str(snapshot))
    return str(found.metadata.table_uuid), version


def _delta(source: DeltaSource, project: Path, secrets: Secrets, reach: Reach) -> "DeltaTable":
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError
    except ModuleNotFoundError as error:
        raise _missing("delta", source.path, error) from error
    options = {name: _option(value) for name, value in resolved(source.storage_options, secrets).items()}
    place = _place(source.path, project)
    _require_reachable([place, *options.values()], reach)
    try:
        table = DeltaTable(place, storage_options=options or None)
    except TableNotFoundError as error:
        raise MlopscError(
            f"no Delta table at {source.path!r}", help="is the path that of the folder with `_delta_log`?"
        ) from error
    except Exception as error:  # noqa: BLE001  (each store raises its own; the text may quote the options)
        raise MlopscError(
            f"the Delta table {source.path!r} cannot be opened: {_said(error, options)}"
        ) from None
    newest = table.version()
    try:
        if source.version is not None:
            table.load_as_version(source.version)
        elif isinstance(source.timestamp, datetime):
            _at(table, source.timestamp)
    except DeltaError as error:
        wanted = (
            f"version {source.version}" if source.version is not None else f"version of {source.timestamp}"
        )
        raise MlopscError(
            f"the Delta table {source.path!r} has no {wanted} that can be read: {_said(error, options)}",
            help=f"the newest is version {newest}; those before a checkpoint may have been cleaned up",
        ) from None
    return table


def _at(table: "DeltaTable", moment: datetime) -> None:
    """Go to the version of an instant; before the first one, which delta-rs would take then, raise DeltaError."""
    from deltalake.exceptions import DeltaError

    # Of a table that has gone back, delta-rs counts the versions of its history wrongly.
    written = {one["version"]: one["timestamp"] for one in table.history() if "timestamp" in one}
    table.load_as_version(moment)
    if written.get(table.version(), 0) > moment.timestamp() * 1000:
        raise DeltaError(f"the oldest is version {table.version()}, which is younger")


def _iceberg(source: IcebergSource, project: Path, secrets: Secrets, reach: Reach) -> "IcebergTable":
    label = source.table or source.metadata
    try:
        from pyiceberg.catalog import load_catalog
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError
        from pyiceberg.table import StaticTable
    except ModuleNotFoundError as error:
        raise _missing("iceberg", str(label), error) from error
    given = source.catalog if source.table is not None else source.storage_options
    properties = {name: _option(value) for name, value in resolved(given, secrets).items()}
    _require_reachable([source.metadata or "", *properties.values()], reach)
    try:
        if source.metadata is not None:
            return StaticTable.from_metadata(_place(source.metadata, project), properties)
        return load_catalog(properties.pop("name", "default"), **properties).load_table(str(source.table))
    except (NoSuchTableError, NoSuchNamespaceError) as error:
        raise MlopscError(
            f"the catalog has no Iceberg table {label!r}", help="is `namespace.table` spelled right?"
        ) from error
    except FileNotFoundError as error:
        raise MlopscError(
            f"no Iceberg metadata at {label!r}", help="name the table's newest `….metadata.json`"
        ) from error
    except MlopscError:
        raise
    except Exception as error:  # noqa: BLE001  (each catalog raises its own; the text may quote the properties)
        raise MlopscError(
            f"the Iceberg table {label!r} cannot be opened: {_said(error, properties)}"
        ) from None


def _snapshot(source: IcebergSource, table: "IcebergTable") -> int | None:
    label = source.table or source.metadata
    if source.snapshot_id is not None:
        if table.snapshot_by_id(source.snapshot_id) is None:
            known = [str(one.snapshot_id) for one in table.metadata.snapshots]
            raise MlopscError(
                f"the Iceberg table {label!r} has no snapshot {source.snapshot_id}",
                help=f"it has {', '.join(known[-5:]) or 'none'}; older ones may have expired",
            )
        return source.snapshot_id
    if isinstance(source.as_of, datetime):
        found = table.snapshot_as_of_timestamp(int(source.as_of.timestamp() * 1000))
        if found is None:
            raise MlopscError(f"the Iceberg table {label!r} had no snapshot yet at {source.as_of}")
        return int(found.snapshot_id)
    current = table.current_snapshot()
    return None if current is None else int(current.snapshot_id)


@contextmanager
def _spooled(label: str, batches: Callable[[], Iterable[Any]]) -> Iterator[FoundFiles]:
    """Write record batches to a Parquet file of a temporary folder, since they can be read only once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
        out = Path(folder) / "rows"
        writer: pq.ParquetWriter | None = None
        try:
            for batch in batches():
                table = _plain(pa.table(batch) if not isinstance(batch, pa.Table | pa.RecordBatch) else batch)
                if writer is None:
                    writer = pq.ParquetWriter(out, table.schema, compression="zstd")
                writer.write_table(table.cast(writer.schema))
        except MlopscError:
            raise
        except Exception as error:
            raise MlopscError(f"the table {label!r} cannot be read: {_said(error, {})}") from error
        finally:
            if writer is not None:
                writer.close()
        yield FoundFiles(ParquetSource(path=label), (SourceFile(out, label),), ordered=False)


def _plain(batch: "pa.Table | pa.RecordBatch") -> "pa.Table":
    """Return a batch in types that a Parquet file has, without what libraries note about fields."""
    import pyarrow as pa

    table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
    views = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    fields = [pa.field(field.name, views.get(field.type, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _empty(schema: "pa.Schema") -> "pa.Table":
    return schema.empty_table()


def _place(path: str, project: Path) -> str:
    """Return a path as its library takes it: absolute, and inside of the project, or the URL."""
    if "://" in path:
        return path
    place = project / path
    if not place.resolve().is_relative_to(project.resolve()):
        raise MlopscError(
            f"{path!r} leads out of the project folder", help=f"name it by a URL: {place.resolve().as_uri()}"
        )
    return str(place.resolve())


def _require_reachable(values: Iterable[str], reach: Reach) -> None:
    """Raise MlopscError for a catalog, a store's endpoint or a place whose host may not be reached.

    The libraries look the address up again by themselves.
    """
    for value in values:
        parts = urlsplit(value)
        if parts.scheme in ("http", "https") and parts.hostname:
            reach.addresses(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))


def _option(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _missing(extra: str, label: str, error: ModuleNotFoundError) -> MlopscError:
    return MlopscError(
        f"{label!r} is a table of kind {extra}, and {error.name!r} is not installed",
        help=f"pip install 'mlopsc[{extra}]'",
    )


def _said(error: Exception, options: Mapping[str, str]) -> str:
    """Return the first line of a complaint without the values of options, which may be secret."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    for value in sorted(options.values(), key=len, reverse=True):
        if len(value) > 3:
            line = line.replace(value, "***")
    return line if len(line) <= _SAID else line[:_SAID] + "…"
