"""Tables of the store as users want them: a file of their own, CSV, the first rows; memory holds a batch of them."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.cli import output
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
                file.writelines(_csv(table))
        else:
            shutil.copyfile(table, temporary)
        commit_file(temporary, place.absolute())
    except OSError as error:
        raise cannot_write(place, error) from error
    finally:
        discard(temporary)


def print_csv(table: Path) -> None:
    """Write a Parquet file of the store to standard output as CSV."""
    for text in _csv(table):
        output.say(text.decode().removesuffix("\n"))


def first_rows(table: Path, count: int) -> tuple[list[str], list[list[str]]]:
    """Return names and cells of a table's first rows as text; the model's digest, the same in all, is left out."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as file:
        names = [name for name in file.schema_arrow.names if name != DIGEST]
        batch = next(file.iter_batches(count, columns=names), None)
    rows = [] if batch is None else batch.to_pylist()
    return names, [[_cell(row[name]) for name in names] for row in rows]


def _csv(table: Path) -> Iterator[bytes]:
    """Yield a table as CSV, a batch at a time, the header first."""
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as parquet:
        schema = _plain_schema(parquet.schema_arrow)
        yield ",".join(map(_quoted, schema.names)).encode() + b"\n"
        for batch in parquet.iter_batches():
            text = BytesIO()
            options = csv.WriteOptions(include_header=False, quoting_style="needed")
            csv.write_csv(pa.Table.from_batches([batch]).cast(schema), text, options)
            yield text.getvalue()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(one in name for one in ',"\r\n') else name


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
