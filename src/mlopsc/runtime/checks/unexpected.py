"""A user's SELECT of the rows that should not be there."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.checks.outcome import Outcome, failed
from mlopsc.runtime.engine.statement import select
from mlopsc.runtime.engine.views import make_view
from mlopsc.sql import check_safe
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks.sql import UnexpectedRows

if TYPE_CHECKING:
    import duckdb

SAMPLE = 20
_BATCH = "batch"


def unexpected_rows(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: exp.Expr,
    condition: exp.Expr | None,
    mixed: Collection[str],
) -> Outcome:
    """Run a user's SELECT over the rows of a table; every row that it returns is unexpected."""
    import duckdb

    if not isinstance(check, UnexpectedRows):
        raise AssertionError(check.expect)
    if mixed:
        return failed(f"SQL cannot read columns that mix types: {', '.join(mixed)}")
    # A user's SQL is text by nature; what it may hold is checked first.
    query = check.unexpected_rows_query.replace("{batch}", _BATCH)
    if faults := check_safe(query, tables={_BATCH}, connection=connection):
        raise SpecError(f"unexpected_rows: {faults[0].message}")
    batch = select(exp.Star(), source=table)
    if condition is not None:
        batch = batch.where(condition, copy=False)
    make_view(connection, _BATCH, batch)
    try:
        count = connection.execute(f"select count(*) from (\n{query}\n)").fetchall()[0][0]  # noqa: S608
        shown = connection.execute(f"select * from (\n{query}\n) order by all limit {SAMPLE}")  # noqa: S608
        names = [entry[0] for entry in shown.description]
        rows = tuple(dict(zip(names, row, strict=True)) for row in shown.fetchall())
    except duckdb.Error as error:
        raise SpecError(f"unexpected_rows: {str(error).partition(chr(10))[0]}") from error
    return Outcome(count == 0, count, count, values=rows)
