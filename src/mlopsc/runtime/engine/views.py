"""Queries under a name of their own, so that statements need not repeat them."""

from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.runtime.engine.statement import identifier, text

if TYPE_CHECKING:
    import duckdb


def make_view(connection: "duckdb.DuckDBPyConnection", name: str, query: exp.Expr) -> exp.Expr:
    """Name a query for the rest of the connection's life, and return it as a table; a later one takes its place."""
    view = exp.table_(identifier(name))
    made = exp.Create(
        this=view.copy(),
        kind="VIEW",
        replace=True,
        expression=query,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )
    connection.execute(text(made))
    return view
