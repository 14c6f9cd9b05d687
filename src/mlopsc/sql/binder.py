"""Binding a user's SQL to declared schemas: names, types and constants judged by DuckDB, without any data.

Each declared table is an in-memory table with one row of NULLs. The statement runs on it, because binding
alone lets impossible constants pass (`distance > 'far'`); what only that row could cause is no fault.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from mlopsc.diagnostics.errors import SpecError
from mlopsc.sql.beginnings import beginnings
from mlopsc.sql.beyond import Beyond
from mlopsc.sql.bound import Bound, BoundQuery, ColumnUse, OtherRows
from mlopsc.sql.faults import Placement, SqlFault, error_details, error_position, fault_from
from mlopsc.sql.lineage import Sources, columns_of, lineage
from mlopsc.sql.order import order_dependent
from mlopsc.sql.safety import table_references, unsafe_parts
from mlopsc.sql.spark import beyond_spark
from mlopsc.sql.syntax import Tree, location, parse_expression, parse_query, walk

if TYPE_CHECKING:
    import duckdb

_SECONDS = 2.0
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "errors_as_json": "true",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "memory_limit": "512MB",
    "threads": "1",
    "lock_configuration": "true",
}


@dataclass
class Binder:
    """Declared tables in an empty, sealed DuckDB; use as a context manager."""

    _tables: dict[str, dict[str, str]] = field(default_factory=dict, init=False)
    _connection: "duckdb.DuckDBPyConnection | None" = field(default=None, init=False)

    def __enter__(self) -> Self:
        import duckdb

        self._connection = duckdb.connect(":memory:", config=_OPTIONS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._duckdb.close()
        self._connection = None

    def add_table(self, name: str, columns: Mapping[str, str]) -> None:
        """Declare a table and the DuckDB type of each column.

        Raises SpecError when the table is there already, has no columns, has two whose names differ in case
        alone, or a type is none of DuckDB's.
        """
        import duckdb

        declared = ", ".join(f"{_quoted(column)} {_type(kind)}" for column, kind in columns.items())
        nulls = ", ".join(["NULL"] * len(columns))
        try:
            self._duckdb.execute(f"CREATE TABLE {_quoted(name)} ({declared})")
            self._duckdb.execute(f"INSERT INTO {_quoted(name)} VALUES ({nulls})")  # noqa: S608
        except (duckdb.Error, UnicodeEncodeError) as error:
            reason = str(error_details(error)["exception_message"]).split("\n", 1)[0]
            raise SpecError(f"the columns of '{name}' make no table: {reason}") from error
        self._tables[name] = dict(columns)

    def bind_expression(
        self, sql: str, table: str, *, want: Literal["boolean", "value"] = "value"
    ) -> Bound | list[SqlFault]:
        """Bind an expression over one row of `table`: no aggregate, window or subquery.

        With `want="boolean"` another type than BOOLEAN is a fault.
        """
        visible = {table: self._tables[table]}
        tree = parse_expression(self._duckdb, sql)
        if isinstance(tree, SqlFault):
            return [tree]
        if faults := unsafe_parts(tree, form="expression", tables=visible, columns=visible[table]):
            return list(faults)
        if hidden := self._hidden_columns(tree, visible):
            return hidden
        before = "SELECT (\n"
        between = f'\n) AS "the value" FROM {_quoted(table)} WHERE (\n'
        starts = (len(before), len((before + sql + between).encode()))
        statement = f"{before}{sql}{between}{sql}\n) IS NULL"
        described = self._run(statement, Placement(sql, starts), tree, visible, per_row=True)
        if isinstance(described, SqlFault):
            return [described]
        kind = described[0][1]
        if want == "boolean" and kind != "BOOLEAN":
            return [SqlFault("type", f"expected a BOOLEAN, found {_article(kind)}", 0, len(sql))]
        return Bound(kind, tuple(self._uses(tree, table)))

    def bind_where(self, sql: str, table: str) -> Bound | list[SqlFault]:
        """Bind a filter over the rows of `table`."""
        return self.bind_expression(sql, table, want="boolean")

    def pattern_fault(self, pattern: str) -> str | None:
        """Return what is wrong with a regular expression of RE2, None when nothing is."""
        import duckdb

        try:
            self._duckdb.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            return str(error_details(error)["exception_message"])
        return None

    def tables_read(self, sql: str) -> tuple[str, ...] | SqlFault:
        """Return the names of the tables that a SELECT reads, as it spells them, declared or not."""
        tree = parse_query(self._duckdb, sql)
        if isinstance(tree, SqlFault):
            return tree
        return tuple(dict.fromkeys(node["table_name"] for node in table_references(tree)))

    def columns_read(self, sql: str, table: str) -> tuple[str, ...] | SqlFault:
        """Return the names of the columns that an expression over one row of a table reads, as it spells them."""
        tree = parse_expression(self._duckdb, sql)
        if isinstance(tree, SqlFault):
            return tree
        paths = [node["column_names"] for node in walk(tree.root) if node.get("class") == "COLUMN_REF"]
        own = [path[1] if len(path) > 1 and path[0].lower() == table.lower() else path[0] for path in paths]
        return tuple(dict.fromkeys(own))

    def beyond_spark(self, sql: str) -> list[SqlFault]:
        """Return what of a SELECT that binds the Spark engine cannot compute."""
        tree = parse_query(self._duckdb, sql)
        if isinstance(tree, SqlFault):
            return [tree]
        known = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'"
        aggregates = {row[0] for row in self._duckdb.execute(known).fetchall()}
        return sorted(beyond_spark(tree, aggregates), key=lambda fault: fault.offset_chars)

    def bind_query(self, sql: str, tables: Collection[str] | None = None) -> BoundQuery | list[SqlFault]:
        """Bind one SELECT over `tables` (all that are declared when None)."""
        visible = {name: self._tables[name] for name in (self._tables if tables is None else tables)}
        tree = parse_query(self._duckdb, sql)
        if isinstance(tree, SqlFault):
            return [tree]
        named = [column for columns in visible.values() for column in columns]
        if faults := unsafe_parts(tree, form="query", tables=visible, columns=named):
            return list(faults)
        if hidden := self._hidden_columns(tree, visible):
            return hidden
        described = self._run(sql, tree.place, tree, visible, per_row=False)
        if isinstance(described, SqlFault):
            return [described]
        if clashes := _clashes(described, sql):
            return clashes
        spelled = {name.lower(): name for name in visible}
        read = sorted({spelled[node["table_name"].lower()] for node in table_references(tree)})
        sources = _lineage(tree, visible)
        if sources is None or len(sources) != len(described):
            sources = [frozenset((t, column) for t in read for column in visible[t])] * len(described)
        names = [name for name, _ in described]
        origin = {name: columns_of(found) for name, found in zip(names, sources, strict=True)}
        other = {name: _other_rows(found, tree) for name, found in zip(names, sources, strict=True)}
        return BoundQuery(
            dict(described),
            tuple(read),
            origin,
            order_dependent(tree),
            {name: found for name, found in other.items() if found},
            beginnings(tree, names),
        )

    @property
    def _duckdb(self) -> "duckdb.DuckDBPyConnection":
        if self._connection is None:
            raise RuntimeError("a Binder works inside its `with` block only")
        return self._connection

    def _run(
        self,
        statement: str,
        place: Placement,
        tree: Tree,
        visible: Mapping[str, Collection[str]],
        *,
        per_row: bool,
    ) -> list[tuple[str, str]] | SqlFault:
        """Return names and types of the output, or the fault that binding or a constant shows."""
        import duckdb

        try:
            with nullcontext() if per_row else _limit(self._duckdb):
                return _columns(self._duckdb.execute(statement))
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            return fault_from(error_details(error), place, visible, per_row=per_row)
        except duckdb.Error as error:
            details = error_details(error)
            if _is_constant_fault(error, details, place, tree):
                return fault_from(details, place, visible, per_row=per_row)
        try:
            rows = self._duckdb.execute(f"DESCRIBE {statement}").fetchall()
        except duckdb.Error as error:
            return fault_from(error_details(error), place, visible, per_row=per_row)
        return [(str(row[0]), str(row[1])) for row in rows]

    def _hidden_columns(self, tree: Tree, visible: Mapping[str, Mapping[str, str]]) -> list[SqlFault]:
        """DuckDB's own tables have a `rowid`; files have none."""
        if any(column.lower() == "rowid" for columns in visible.values() for column in columns):
            return []
        return [
            tree.place.fault("binder", "unknown column 'rowid'", *location(node))
            for node in walk(tree.root)
            if node.get("class") == "COLUMN_REF" and node["column_names"][-1].lower() == "rowid"
        ]

    def _uses(self, tree: Tree, table: str) -> Iterator[ColumnUse]:
        spelled = {column.lower(): column for column in self._tables[table]}
        for node in walk(tree.root):
            if node.get("class") != "COLUMN_REF":
                continue
            names = [name.lower() for name in node["column_names"]]
            if len(names) > 1 and names[0] == table.lower() and names[1] in spelled:
                found = [spelled[names[1]]]
            elif names[0] in spelled:
                found = [spelled[names[0]]]
            else:
                found = list(spelled.values()) if names[0] == table.lower() else []
            for column in found:
                yield ColumnUse(table, column, *tree.place.span(*location(node)))


@contextmanager
def _limit(connection: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Interrupt a statement that computes longer than binding is worth."""
    timer = Timer(_SECONDS, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _columns(result: "duckdb.DuckDBPyConnection") -> list[tuple[str, str]]:
    return [(str(column[0]), str(column[1]).strip('"')) for column in result.description or ()]


def _is_constant_fault(error: BaseException, details: dict[str, Any], place: Placement, tree: Tree) -> bool:
    """Tell a constant that can never be converted from a value that only the row of NULLs gives."""
    import duckdb

    if not isinstance(error, duckdb.ConversionException | duckdb.InvalidInputException):
        return False
    position, _ = error_position(details)
    if position is None:
        return True
    start = place.relative(position)
    here = [
        node
        for node in walk(tree.root)
        if (found := location(node)[0]) is not None
        and tree.place.relative(found) == start
        and "class" in node
    ]
    return not here or not any(node["class"] == "COLUMN_REF" for node in walk(here[-1]))


def _lineage(tree: Tree, visible: Mapping[str, Collection[str]]) -> list[Sources] | None:
    try:
        return lineage(tree.root, visible)
    except RecursionError:
        return None


def _other_rows(sources: Sources, tree: Tree) -> tuple[OtherRows, ...]:
    found = [
        OtherRows(
            one.kind,
            one.words,
            one.order,
            one.partition,
            one.reach,
            *tree.place.span(one.offset_bytes, one.length_bytes),
        )
        for one in sources
        if isinstance(one, Beyond)
    ]
    return tuple(sorted(found, key=lambda one: one.offset_chars))


def _clashes(described: list[tuple[str, str]], sql: str) -> list[SqlFault]:
    seen: set[str] = set()
    for name, _ in described:
        if name.lower() in seen:
            message = f"two output columns are called '{name}': name one with AS"
            return [SqlFault("shape", message, 0, len(sql))]
        seen.add(name.lower())
    return []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _type(kind: str) -> str:
    """Return a type's text when it is one: no text that closes the CREATE TABLE around it passes."""
    if not kind or not all(letter.isalnum() or letter in " _(),[]\"'" for letter in kind):
        raise SpecError(f"{kind!r} is no DuckDB type")
    return kind


def _article(kind: str) -> str:
    return f"{'an' if kind[:1] in 'AEIOU' else 'a'} {kind}"
