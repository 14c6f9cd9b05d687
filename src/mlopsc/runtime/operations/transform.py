"""Transform: a user's function from tables to a table."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError, StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe, write_parquet
from mlopsc.runtime.engine.statement import column, identifier, named, select, text
from mlopsc.runtime.sources.text import misfits
from mlopsc.runtime.sources.values import convert
from mlopsc.runtime.tables import read_frame, to_arrow
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.columns import from_duckdb
from mlopsc.vocabulary.operations import Transform


def run(config: Transform, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write what the function returns, in its row order, with the declared columns and types.

    Raises StepFailed when the result has other columns, or a column whose values are not of its declared type.
    """
    function = load(resolve_reference(config.python), context.project)
    result = function(*(read_frame(inputs[name]) for name in config.tables), **config.args)
    try:
        table = to_arrow(result)
    except MlopscError as error:
        raise StepFailed(f"{config.python} returned no usable table: {error}", help=error.help) from error
    missing = [name for name in config.columns if name not in table.column_names]
    surplus = [name for name in table.column_names if name not in config.columns]
    if missing or surplus:
        raise StepFailed(
            f"{config.python} returned columns {_listed(table.column_names)}, declared {_listed(config.columns)}",
            help="; ".join(
                f"{what} {_listed(names)}"
                for what, names in (("missing:", missing), ("not declared:", surplus))
                if names
            ),
        )
    with connect(threads=1) as connection:
        connection.register("t", table)
        source = exp.table_(identifier("t"))
        types = describe(connection, source)
        values = {name: _value(config, name, types[name]) for name in config.columns}
        counts = select(*(misfits(column(name), value) for name, value in values.items()), source=source)
        for name, count in zip(values, connection.execute(text(counts)).fetchall()[0], strict=True):
            if count:
                raise StepFailed(
                    f"{config.python}: column '{name}' is {from_duckdb(types[name])}, "
                    f"and {count} of its values are no {config.columns[name]} as declared"
                )
        query = select(*(named(value, name) for name, value in values.items()), source=source)
        rows = write_parquet(connection, query, outputs["table"])
    print(f"{config.view}: {rows} rows")


def _value(config: Transform, name: str, kind: str) -> exp.Expr:
    value = convert(column(name), kind, config.columns[name], "UTC")
    if value is None:
        raise StepFailed(
            f"{config.python}: column '{name}' is {from_duckdb(kind)}, declared {config.columns[name]}"
        )
    return value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
