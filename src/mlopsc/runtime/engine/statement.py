"""Statements as syntax trees: fragments of SQL in which names and values take the place of parameters.

fragment("count(*) filter (where $x is null)", x=column("visib"))
"""

from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import sqlglot
from sqlglot import exp

_LOOSE = (exp.Binary, exp.Unary, exp.Predicate, exp.AtTimeZone)
"""What falls apart between other operators unless it stands in parentheses."""


def identifier(name: str) -> exp.Identifier:
    """Return a quoted name."""
    return exp.to_identifier(name, quoted=True)


def column(name: str, table: str | None = None) -> exp.Column:
    """Return a reference to a column, quoted."""
    return exp.column(identifier(name), table=identifier(table) if table else None)


def literal(value: object) -> exp.Expr:
    """Return a value as SQL has it: None, bool, int, float, Decimal, text, date, time, datetime, path, list.

    Raises TypeError for anything else. A float is written with all its digits, so that it is the same number.
    """
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.Boolean(this=value)
        case int() | Decimal():
            return _number(str(value))
        case float():
            return fragment("cast($x as double)", x=exp.Literal.string(repr(value)))
        case str() | Path():
            return exp.Literal.string(str(value))
        case datetime():
            kind = "timestamptz" if value.tzinfo else "timestamp"
            return fragment(f"cast($x as {kind})", x=exp.Literal.string(value.isoformat()))
        case date():
            return fragment("cast($x as date)", x=exp.Literal.string(value.isoformat()))
        case time():
            return fragment("cast($x as time)", x=exp.Literal.string(value.isoformat()))
        case list() | tuple():
            return exp.Array(expressions=[literal(item) for item in value])
        case _:
            raise TypeError(f"no SQL literal for a {type(value).__name__}")


def _number(digits: str) -> exp.Expr:
    if digits.startswith("-"):
        return exp.Paren(this=exp.Neg(this=exp.Literal.number(digits[1:])))
    return exp.Literal.number(digits)


def fragment(sql: str, **parts: exp.Expr | object) -> exp.Expr:
    """Return the tree of `sql`, in DuckDB's dialect, with `parts` in place of `$name`.

    A part that is no expression becomes a literal. `sql` is text of ours, never of a user.
    """
    tree = _parsed(sql).copy()
    for place in list(tree.find_all(exp.Placeholder)):
        part = parts[place.name]
        node = part.copy() if isinstance(part, exp.Expr) else literal(part)
        if isinstance(node, _LOOSE) and not isinstance(node, exp.Paren):
            node = exp.Paren(this=node)
        elif isinstance(node, exp.Query):
            node = node.subquery()
        if place is tree:
            return node
        place.replace(node)
    return tree


@lru_cache(maxsize=1024)
def _parsed(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect="duckdb")


def text(statement: exp.Expr) -> str:
    """Return the statement's SQL for DuckDB."""
    return statement.sql(dialect="duckdb")


def select(*columns: exp.Expr, source: exp.Expr) -> exp.Select:
    """Return `SELECT columns FROM source`."""
    table = source.subquery("t") if isinstance(source, exp.Query) else source
    return exp.select(*columns, copy=False).from_(table, dialect="duckdb", copy=False)


def named(expression: exp.Expr, name: str) -> exp.Expr:
    """Return `expression AS name`."""
    return exp.alias_(expression, identifier(name), copy=False)


def nan_as_null(value: exp.Expr) -> exp.Expr:
    """Return a float with NaN as null.

    A Parquet file's bounds never tell of NaN, but DuckDB takes it from them that there is none (its issue 25521), and
    leaves `isnan` away. What it knows of a value does not pass TRY.
    """
    return fragment("case when not isnan(try($x)) then $x end", x=value)


def scan(*paths: Path, rows: bool = False) -> exp.Expr:
    """Return the Parquet files as a table; with `rows`, `file_row_number` counts each file's rows from 0."""
    names = [str(path.absolute()) for path in paths]
    if rows:
        return fragment("read_parquet($p, hive_partitioning = false, file_row_number = true)", p=names)
    return fragment("read_parquet($p, hive_partitioning = false)", p=names)
