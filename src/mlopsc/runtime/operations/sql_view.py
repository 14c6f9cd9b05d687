"""SQL view: a SELECT over tables, written in a total order."""

from collections.abc import Mapping
from pathlib import Path

from sqlglot import exp

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe, write_parquet
from mlopsc.runtime.engine.statement import column, identifier, scan, select
from mlopsc.runtime.engine.views import make_view
from mlopsc.sql import check_safe
from mlopsc.vocabulary.operations import SqlView


def run(config: SqlView, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:  # noqa: ARG001
    """Write the view's rows, ordered by `order` and then by every column.

    One thread computes them: float aggregates over several depend on how the rows were shared out. Raises StepFailed
    when the SQL is not one harmless SELECT, MlopscError when DuckDB cannot carry it out.
    """
    with connect(*inputs.values(), threads=1, engine=config.engine) as connection:
        faults = check_safe(config.sql, tables=config.tables, connection=connection)
        if faults:
            raise StepFailed(f"view '{config.view}': {faults[0].message}")
        for name, path in inputs.items():
            make_view(connection, name, select(exp.Star(), source=scan(path)))
        # Checked above: one SELECT and nothing else, so that it can stand between brackets.
        connection.execute(f"CREATE TEMPORARY TABLE __result__ AS SELECT * FROM (\n{config.sql}\n)")  # noqa: S608
        table = exp.table_(identifier("__result__"))
        columns = describe(connection, table)
        order = [*config.order, *(name for name in columns if name not in config.order)]
        query = select(exp.Star(), source=table).order_by(*(column(name) for name in order))
        rows = write_parquet(connection, query, outputs["table"])
    print(f"{config.view}: {rows} rows")
