"""Columns of a table that an engine counts: the step gets a column's distinct values and how often each occurs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlopsc.runtime.drift.columns import Column, NoValues, Table, from_counts
from mlopsc.vocabulary.engine import SparkEngine


@contextmanager
def counted_table(path: Path, engine: SparkEngine | None) -> Iterator[Table | Path]:
    """Open a Parquet file whose columns `engine` counts, one when asked for; None leaves the file to be read here.

    Both give the same columns: what a value means is decided of the distinct ones as it is of all.
    """
    if engine is None:
        yield path
        return
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mlopsc.runtime.engine.connection import connect
    from mlopsc.runtime.engine.statement import column, fragment, scan, text

    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
    with connect(path, engine=engine) as connection:

        def read(name: str) -> Column:
            kind = schema.field(name).type
            # Raises for a type that cannot be compared, such as a list, before that is grouped.
            from_counts(name, pa.array([], kind), np.array([], np.int64), 0)
            if pa.types.is_null(kind):
                return NoValues(rows)
            query = fragment(
                "select $x as x, count(*) as n from $t as t group by $x", x=column(name), t=scan(path)
            )
            found = connection.sql(text(query)).to_arrow_table()
            found = found.filter(found.column("x").is_valid())
            return from_counts(name, found.column("x"), found.column("n").to_numpy(), rows)

        yield Table(tuple(schema.names), rows, read)
