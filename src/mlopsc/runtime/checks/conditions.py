"""The condition of the rows that a check looks at: found harmless, bound, and put into statements as it is."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.engine.statement import column, fragment, select, text
from mlopsc.sql import check_safe
from mlopsc.vocabulary.checks import BaseCheck

if TYPE_CHECKING:
    import duckdb


def condition_of(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: exp.Expr,
    kinds: Mapping[str, str],
    mixed: Collection[str],
) -> exp.Expr | None:
    """Return the condition of a check, None where it looks at all rows.

    Raises SpecError for SQL that is not allowed, does not bind, or is no condition.
    """
    import duckdb

    sql = check.condition()
    if sql is None:
        return None
    key = "where" if check.where is not None else "row_condition"
    if faults := check_safe(sql, form="expression", columns=kinds, connection=connection):
        raise SpecError(f"`{key}` of {check.expect}: {faults[0].message}")
    # A user's SQL is text by nature; line breaks end a comment in it.
    condition = exp.paren(exp.Var(this=f"\n{sql}\n"), copy=False)
    readable = select(*(column(name) for name in kinds if name not in mixed), source=table)
    probe = fragment("select $c as c from $t as t limit 0", c=condition, t=readable)
    try:
        (described,) = connection.execute(f"DESCRIBE {text(probe)}").fetchall()
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        aside = f"; it cannot read columns that mix types: {', '.join(mixed)}" if mixed else ""
        raise SpecError(f"`{key}` of {check.expect}: {reason}{aside}") from error
    if described[1] != "BOOLEAN":
        raise SpecError(f"`{key}` of {check.expect}: expected a condition, found {described[1]}")
    return condition


def chosen_rows(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, condition: exp.Expr
) -> tuple[bool, ...]:
    """Return for each row, in order, whether it meets a condition."""
    query = fragment("select coalesce($c, false) from $t as t", c=condition, t=table)
    return tuple(row[0] for row in connection.execute(text(query)).fetchall())
