"""Parquet in and out: schemas by our type names, and files whose bytes do not depend on threads.

DuckDB's own COPY lays files out by thread. Here its result comes in order, is cut into row groups of exactly
`ROW_GROUP` rows, and is written by one writer.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.statement import column, fragment, named, scan, select, text
from mlopsc.vocabulary.columns import from_duckdb

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 122_880
_BATCH = 65_536


def describe(connection: "duckdb.DuckDBPyConnection", source: exp.Expr) -> dict[str, str]:
    """Return the columns of a table or query: name → DuckDB's type, in order."""
    rows = connection.execute("DESCRIBE " + text(select(exp.Star(), source=source))).fetchall()
    return {row[0]: row[1] for row in rows}


def read_schema(path: Path) -> dict[str, str]:
    """Return a Parquet file's columns: name → column type; reads the footer only. Raises MlopscError."""
    with connect(path, threads=1) as connection:
        return {name: from_duckdb(kind) for name, kind in describe(connection, scan(path)).items()}


def write_parquet(
    connection: "duckdb.DuckDBPyConnection", query: exp.Expr, path: Path, *, timezone: str = "UTC"
) -> int:
    """Write the result of `query` in its order, and return the number of rows.

    The same query over the same data gives the same bytes for any number of threads, provided that the
    query itself fixes values and order. Timestamps become instants in UTC with microseconds (a finer one is
    rounded; a naive one is local time of `timezone`, see `canonical`). Raises MlopscError for a column of a
    type that a table cannot have.
    """
    return write_batches(read_batches(connection, query, timezone=timezone), path)


def read_batches(connection: "duckdb.DuckDBPyConnection", query: exp.Expr, *, timezone: str = "UTC") -> Any:
    """Return a reader of the result's record batches, each column in the form that artifacts have."""
    result = connection.sql(text(canonical(query, describe(connection, query), timezone)))
    return result.to_arrow_reader(_BATCH)


def canonical(query: exp.Expr, types: Mapping[str, str], timezone: str = "UTC") -> exp.Expr:
    """Return the query with every column in the form that artifacts have.

    A local time that does not exist, in the hour that the clocks skip, moves on by that hour; one that occurs
    twice means the later, after the clocks went back.
    """
    columns: list[exp.Expr] = []
    changed = False
    for name, kind in types.items():
        value = _canonical(name, kind, timezone)
        changed = changed or not isinstance(value, exp.Column)
        columns.append(named(value, name))
    return select(*columns, source=query) if changed else query


def _canonical(name: str, kind: str, timezone: str) -> exp.Expr:
    value = column(name)
    match kind:
        case "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" | "TIMESTAMPTZ_NS":
            return instant(value, kind, timezone)
        case "HUGEINT":
            return fragment("cast($x as decimal(38, 0))", x=value)
        case "TIME_NS":
            return fragment("cast($x as time)", x=value)
        case "UUID" | "JSON" | '"NULL"' | "NULL":
            return fragment("cast($x as varchar)", x=value)
        case "INTERVAL" | "BIT" | "UHUGEINT" | "TIME WITH TIME ZONE" | "BIGNUM" | "VARIANT":
            raise MlopscError(
                f"column {name!r} is {kind.lower()}, which a table cannot hold",
                help="cast it, an interval for example to a number of seconds",
            )
        case _ if kind.startswith("ENUM(") and not kind.endswith("]"):
            return fragment("cast($x as varchar)", x=value)
        case _:
            return value


def instant(value: exp.Expr, kind: str, timezone: str) -> exp.Expr:
    """Return a time of DuckDB's type `kind` as an instant with microseconds."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return value
    if kind == "TIMESTAMPTZ_NS":
        return fragment("cast($x as timestamptz)", x=value)
    if timezone.upper() == "UTC":
        return fragment("cast(cast($x as timestamp) as timestamptz)", x=value)
    return fragment("timezone($zone, cast($x as timestamp))", x=value, zone=timezone)


def write_batches(reader: Any, path: Path) -> int:
    """Write Arrow record batches to one Parquet file in row groups of `ROW_GROUP`; return the row count.

    Statistics of floats are left out: they know of no NaN, and DuckDB takes its answers from them.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    told = [field.name for field in reader.schema if not pa.types.is_floating(field.type)]
    with pq.ParquetWriter(
        path, reader.schema, compression="zstd", version="2.6", write_statistics=told
    ) as writer:
        waiting: list[Any] = []
        count = 0
        for batch in reader:
            waiting.append(batch)
            count += batch.num_rows
            while count >= ROW_GROUP:
                table = pa.Table.from_batches(waiting, reader.schema)
                writer.write_table(table.slice(0, ROW_GROUP).combine_chunks(), row_group_size=ROW_GROUP)
                waiting = table.slice(ROW_GROUP).to_batches()
                rows, count = rows + ROW_GROUP, count - ROW_GROUP
        if count or not rows:
            table = pa.Table.from_batches(waiting, reader.schema).combine_chunks()
            writer.write_table(table, row_group_size=ROW_GROUP)
    return rows + count
