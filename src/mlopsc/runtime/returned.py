"""What users' functions return: a table of exactly the declared columns, every value of its declared type."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError, StepFailed
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, identifier, named, select, text
from mlopsc.runtime.sources.text import misfits
from mlopsc.runtime.sources.values import convert
from mlopsc.runtime.tables import to_arrow
from mlopsc.vocabulary.columns import from_duckdb

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_TABLE = "__returned__"


def returned(result: Any, python: str, columns: Mapping[str, str]) -> "pa.Table":
    """Return a function's result as a table; raises StepFailed when its columns are not those that are declared."""
    try:
        table = to_arrow(result)
    except MlopscError as error:
        raise StepFailed(f"{python} returned no usable table: {error}", help=error.help) from error
    missing = [name for name in columns if name not in table.column_names]
    surplus = [name for name in table.column_names if name not in columns]
    if missing or surplus:
        raise StepFailed(
            f"{python} returned columns {_listed(table.column_names)}, declared {_listed(columns)}",
            help="; ".join(
                f"{what} {_listed(names)}"
                for what, names in (("missing:", missing), ("not declared:", surplus))
                if names
            ),
        )
    return table


def as_declared(table: "pa.Table", columns: Mapping[str, str]) -> "pa.Table | None":
    """Return the table with each column as declared when Arrow can do it without loss, else None: see `typed`.

    It is what `typed` and `canonical` make of it, without the milliseconds that an engine takes to begin.
    """
    import pyarrow as pa

    found = []
    for name, wanted in columns.items():
        values, kind = table.column(name), _plain(wanted)
        if kind is None or not _alike(values.type, kind):
            return None
        try:
            found.append(values.cast(kind))
        except pa.ArrowInvalid:
            return None
    return pa.table(found, names=list(columns))


def _plain(wanted: str) -> "pa.DataType | None":
    import pyarrow as pa

    match wanted:
        case "timestamp":
            return pa.timestamp("us", tz="UTC")
        case "date":
            return pa.date32()
        case "float64" | "bool" | "string":
            return pa.type_for_alias(wanted)
        case _ if "int" in wanted:
            return pa.type_for_alias(wanted)
        case _:
            return None


def _alike(have: "pa.DataType", wanted: "pa.DataType") -> bool:
    """Whether Arrow's cast refuses whatever would change."""
    import pyarrow as pa

    types = pa.types
    if types.is_integer(have):
        return bool(types.is_integer(wanted) or types.is_float64(wanted))
    if types.is_timestamp(have):
        return bool(types.is_timestamp(wanted))
    return bool(have == wanted or (types.is_large_string(have) and types.is_string(wanted)))


def typed(
    connection: "duckdb.DuckDBPyConnection", table: "pa.Table", python: str, columns: Mapping[str, str]
) -> exp.Select:
    """Return the query for a table with each column as declared; raises StepFailed for values of another type."""
    connection.register(_TABLE, table)
    source = exp.table_(identifier(_TABLE))
    types = describe(connection, source)
    values = {name: _value(python, name, types[name], wanted) for name, wanted in columns.items()}
    counts = select(*(misfits(column(name), value) for name, value in values.items()), source=source)
    for name, count in zip(values, connection.execute(text(counts)).fetchall()[0], strict=True):
        if count:
            raise StepFailed(
                f"{python}: column '{name}' is {from_duckdb(types[name])}, "
                f"and {count} of its values are no {columns[name]} as declared"
            )
    return select(*(named(value, name) for name, value in values.items()), source=source)


def _value(python: str, name: str, kind: str, wanted: str) -> exp.Expr:
    value = convert(column(name), kind, wanted, "UTC")
    if value is None:
        raise StepFailed(f"{python}: column '{name}' is {from_duckdb(kind)}, declared {wanted}")
    return value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
