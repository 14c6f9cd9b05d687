"""Tables of the store as users want them: a file of their own, CSV, the first rows; memory holds a batch of them."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mlopsc.runtime.atomic import cannot_write, commit_file, discard, temporary_path
from mlopsc.vocabulary.predicting import DIGEST
from mlopsc.vocabulary.time import format_timestamp

if TYPE_CHECKING:
    import pyarrow as pa


def keep(table: Path, place: Path) -> None:
    """Write a Parquet file of the store to `place`, as CSV if its name says so: whole, or not at all.

    Raises StoreError when the disk refuses; what stood there before stays then.
    """
    temporary = temporary_path(place.absolute().parent)
    try:
        if place.suffix.lower() == ".csv":
            with temporary.open("xb") as file:
                _write_csv(table, file)
        else:
            shutil.copyfile(table, temporary)
        commit_file(temporary, place.absolute())
    except OSError as error:
        raise cannot_write(place, error) from error
    finally:
        discard(temporary)


def print_csv(table: Path) -> None:
    """Write a Parquet file of the store to standard output as CSV; a reader that goes away ends it."""
    sys.stdout.flush()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as file:
        _write_csv(table, file)


def first_rows(table: Path, count: int) -> tuple[list[str], list[list[str]]]:
    """Return names and cells of a table's first rows as text; the model's digest, the same in all, is left out."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as file:
        names = [name for name in file.schema_arrow.names if name != DIGEST]
        batch = next(file.iter_batches(count, columns=names), None)
    rows = [] if batch is None else batch.to_pylist()
    return names, [[_cell(row[name]) for name in names] for row in rows]


def _write_csv(table: Path, file: BinaryIO) -> None:
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as parquet:
        schema = _plain_schema(parquet.schema_arrow)
        with csv.CSVWriter(file, schema) as writer:
            for batch in _batches(parquet):
                writer.write_table(batch.cast(schema))


def _batches(parquet: Any) -> "Iterator[pa.Table]":
    import pyarrow as pa

    for batch in parquet.iter_batches():
        yield pa.Table.from_batches([batch])


def _plain_schema(schema: "pa.Schema") -> "pa.Schema":
    """Return a schema without dictionaries, which text does not know."""
    import pyarrow as pa

    return pa.schema(
        pa.field(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
        for field in schema
    )


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.6g}"
        case datetime():
            return format_timestamp(value)
        case _:
            return str(value)
