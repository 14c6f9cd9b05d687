"""What DuckDB says of a statement's parts: their types, bound against the tables' columns without their data."""

import duckdb
from sqlglot import exp

from mlopsc.runtime.engine.connection import failure
from mlopsc.runtime.engine.statement import text

_SCOPES = (exp.Select, exp.SetOperation)


class Binding:
    """Types of the expressions of one statement; `connection` knows its tables and views."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._types: dict[tuple[int, str], str] = {}

    def type_of(self, node: exp.Expr) -> str:
        """Return DuckDB's type of an expression where it stands; raises MlopscError when it has none."""
        if isinstance(node, exp.Paren):
            return self.type_of(node.this)
        if isinstance(node, exp.Literal) and node.is_string:
            return "VARCHAR"
        scope = node.find_ancestor(*_SCOPES)
        key = (id(scope), text(node))
        if key not in self._types:
            self._types[key] = self._described(node, scope)
        return self._types[key]

    def columns_of(self, select: exp.Select) -> list[str]:
        """Return the names of all columns of what a SELECT reads from."""
        return [name for name, _ in self._rows(f"{_tables_before(select)} SELECT * {_read(select)}")]

    def _described(self, node: exp.Expr, scope: exp.Expr | None) -> str:
        if scope is None:
            return self._rows(f"SELECT {text(node)}")[-1][1]
        tables = _tables_before(scope)
        if isinstance(scope, exp.SetOperation):
            return self._rows(f"{tables} SELECT {text(node)} FROM ({text(_bare(scope))})")[-1][1]  # noqa: S608
        grouping = "".join(f" {text(part)}" for part in [scope.args.get("group")] if part is not None)
        attempts = [
            f"{tables} SELECT {text(node)} {_read(scope)}",
            f"{tables} SELECT {text(node)} {_read(scope)}{grouping}",
        ]
        listed = ", ".join(text(item) for item in scope.expressions)
        attempts.append(f"{tables} SELECT {listed}, {text(node)} {_read(scope)}{grouping}")
        first: duckdb.Error | None = None
        for attempt in attempts:
            try:
                return self._described_last(attempt)
            except duckdb.Error as error:
                first = first or error
        assert first is not None
        raise failure(first) from first

    def _described_last(self, query: str) -> str:
        return str(self._connection.execute(f"DESCRIBE {query}").fetchall()[-1][1])

    def _rows(self, query: str) -> list[tuple[str, str]]:
        try:
            return [(row[0], row[1]) for row in self._connection.execute(f"DESCRIBE {query}").fetchall()]
        except duckdb.Error as error:
            raise failure(error) from error


def _read(select: exp.Expr) -> str:
    """Return the FROM of a SELECT with its joins."""
    start = select.args.get("from_")
    parts = [start] if start is not None else []
    parts += [_open(join) for join in select.args.get("joins") or ()]
    named = exp.Select(windows=[one.copy() for one in select.args.get("windows") or ()])
    return " ".join(text(part) for part in parts) + text(named).removeprefix("SELECT")


def _open(join: exp.Join) -> exp.Join:
    """Return a join whose right side can be seen by expressions, as the condition of a semi or anti join sees it."""
    if join.kind not in ("SEMI", "ANTI") and join.side not in ("SEMI", "ANTI"):
        return join
    join = join.copy()
    join.set("kind", None)
    join.set("side", None)
    return join


def _bare(query: exp.Expr) -> exp.Expr:
    query = query.copy()
    for key in ("order", "limit", "offset", "with_"):
        query.set(key, None)
    return query


def _tables_before(scope: exp.Expr) -> str:
    """Return the WITH tables that a SELECT can see, those of its ancestors first."""
    found: list[list[exp.Expr]] = []
    inside: exp.Expr | None = None
    node: exp.Expr | None = scope
    while node is not None:
        if isinstance(node, exp.CTE):
            inside = node
        elif isinstance(node, exp.With):
            assert inside is not None
            position = next(i for i, table in enumerate(node.expressions) if table is inside)
            found.append(node.expressions[:position])
            node = node.parent  # its own query's WITH tables are these
        elif (tables := node.args.get("with_")) is not None:
            found.append(tables.expressions)
        node = node.parent if node is not None else None
    listed = [text(table) for group in reversed(found) for table in group]
    return f"WITH {', '.join(listed)}" if listed else ""
