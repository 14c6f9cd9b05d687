"""What a user's SQL may not do: change or read anything but the declared tables, depend on clock or chance.

The rules look at the parse tree alone and are allow-lists wherever the set of good things is small, so that
they hold before any engine sees the text, at compile time and again at run time.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Literal

from mlopsc.diagnostics.suggest import nearest
from mlopsc.sql.faults import SqlFault
from mlopsc.sql.syntax import Node, Tree, location, parse_expression, parse_query, walk

if TYPE_CHECKING:
    import duckdb

Form = Literal["expression", "query"]

_QUERY_PARTS = frozenset(
    [
        "SELECT_NODE",
        "SET_OPERATION_NODE",
        "CTE_NODE",
        "BASE_TABLE",
        "SUBQUERY",
        "JOIN",
        "TABLE_FUNCTION",
        "EXPRESSION_LIST",
        "EMPTY",
        "PIVOT",
        "ORDER_MODIFIER",
        "LIMIT_MODIFIER",
        "LIMIT_PERCENT_MODIFIER",
        "DISTINCT_MODIFIER",
        "ORDER_DEFAULT",
        "ASCENDING",
        "DESCENDING",
    ]
)
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})

CLOCK = frozenset(
    [
        "now",
        "today",
        "ago",
        "get_current_timestamp",
        "get_current_time",
        "current_timestamp",
        "current_date",
        "current_time",
        "transaction_timestamp",
        "localtime",
        "localtimestamp",
        "current_localtime",
        "current_localtimestamp",
        "pg_conf_load_time",
        "pg_postmaster_start_time",
    ]
)
CHANCE = frozenset(["random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed"])
SURROUNDINGS = frozenset(
    [
        "current_user",
        "session_user",
        "current_role",
        "current_catalog",
        "current_database",
        "current_schema",
        "current_schemas",
        "current_setting",
        "current_connection_id",
        "current_query",
        "current_query_id",
        "current_transaction_id",
        "txid_current",
        "in_search_path",
        "getenv",
        "getvariable",
        "stats",
        "vector_type",
    ]
)
_BARE = frozenset(name for name in CLOCK if name.startswith(("current_", "local")))
EFFECTS = frozenset(["sleep_ms", "pg_sleep", "write_log", "nextval", "currval", "setval", "error"])


def check_safe(
    sql: str,
    *,
    form: Form = "query",
    tables: Collection[str] | None = None,
    columns: Collection[str] = (),
    connection: "duckdb.DuckDBPyConnection | None" = None,
) -> tuple[SqlFault, ...]:
    """Return why `sql` must not run, in the order of the text; empty when it may.

    `form` is what the text must be: one SELECT, or one expression over a row. `tables` are the tables that
    may be read; without it any plain name passes, and the engine decides. `columns` are their columns, needed
    only where one is called as the clock is (`current_date`). `connection` only parses; without
    it a private one is opened, which costs about 20 ms.
    """
    if connection is None:
        import duckdb

        with duckdb.connect(":memory:") as private:
            return check_safe(sql, form=form, tables=tables, columns=columns, connection=private)
    tree = parse_query(connection, sql) if form == "query" else parse_expression(connection, sql)
    if isinstance(tree, SqlFault):
        return (tree,)
    return unsafe_parts(tree, form=form, tables=tables, columns=columns)


def unsafe_parts(
    tree: Tree, *, form: Form, tables: Collection[str] | None, columns: Collection[str] = ()
) -> tuple[SqlFault, ...]:
    """Return the faults of a parsed text; see `check_safe`."""
    known = None if tables is None else {name.lower() for name in tables}
    named = {name.lower() for name in columns}
    faults = [fault for node in walk(tree.root) for fault in _faults(node, tree, form, known, named)]
    return tuple(sorted(faults, key=lambda fault: fault.offset_chars))


def table_references(tree: Tree) -> Iterator[Node]:
    """Yield the references to tables that are not the query's own WITH tables."""
    own = {name.lower() for name in _with_names(tree.root)}
    for node in walk(tree.root):
        if node.get("type") == "BASE_TABLE" and node["table_name"].lower() not in own:
            yield node


def _faults(
    node: Node, tree: Tree, form: Form, known: set[str] | None, columns: set[str]
) -> Iterator[SqlFault]:
    kind, position = node.get("type"), location(node)
    if node.get("sample"):
        yield tree.place.fault("unsafe", "a sample differs from run to run", *position)
    if "class" in node:
        yield from _expression_faults(node, tree, form, columns)
    elif kind == "BASE_TABLE":
        yield from _table_faults(node, tree, known)
    elif kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in _TABLE_FUNCTIONS:
            yield tree.place.fault(
                "unsafe", f"{name}() cannot be read from: name a declared dataset or view", *position
            )
    elif kind == "RECURSIVE_CTE_NODE":
        yield tree.place.fault("unsafe", "a recursive query might never end", *position)
    elif kind == "SHOW_REF" or (isinstance(kind, str) and kind.endswith("_QUERY_NODE")):
        yield tree.place.fault("unsafe", "only a SELECT can stand here", *position)
    elif isinstance(kind, str) and kind not in _QUERY_PARTS:
        yield tree.place.fault("unsafe", f"{kind.lower()} cannot stand here", *position)
    for name in _own_names(node):
        if not name.isidentifier():
            yield tree.place.fault("unsafe", f"{name!r} is no plain name for a WITH table")


def _table_faults(node: Node, tree: Tree, known: set[str] | None) -> Iterator[SqlFault]:
    name, position = node["table_name"], location(node)
    own = {own.lower() for own in _with_names(tree.root)}
    if node.get("schema_name") or node.get("catalog_name"):
        yield tree.place.fault("unsafe", f"name the table alone, without a schema: '{name}'", *position)
    elif name.lower() in own or (known is not None and name.lower() in known):
        return
    elif not name.isidentifier():
        yield tree.place.fault(
            "unsafe", f"'{name}' is no declared table; files are read by datasets only", *position
        )
    elif known is not None:
        found = nearest(name, known)
        yield tree.place.fault("binder", f"unknown table '{name}'", *position, [found] if found else [])


def _expression_faults(node: Node, tree: Tree, form: Form, columns: set[str]) -> Iterator[SqlFault]:
    position = location(node)
    match node["class"]:
        case "FUNCTION" | "WINDOW":
            name = str(node.get("function_name", "")).lower()
            if reason := _reason(name, len(node.get("arguments", ()))):
                yield tree.place.fault("unsafe", f"{name}() {reason}", *position)
        case "COLUMN_REF" if len(node["column_names"]) == 1:
            name = node["column_names"][0].lower()
            if name in _BARE and name not in columns:
                yield tree.place.fault("unsafe", f"{name} {_reason(name, 0)}", *position)
        case "PARAMETER":
            yield tree.place.fault(
                "unsafe", "a placeholder has no value here: write ${params.NAME}", *position
            )
        case "POSITIONAL_REFERENCE":
            yield tree.place.fault("shape", "name the column instead of its position", *position)
        case "SUBQUERY" if form == "expression":
            yield tree.place.fault("shape", "a subquery cannot stand here: use an SQL view", *position)
        case "STAR" if form == "expression":
            yield tree.place.fault("shape", "name one column instead of *", *position)


def _reason(function: str, arguments: int) -> str | None:
    if function in CLOCK or (function == "age" and arguments < 2):
        return "depends on the clock: use a parameter such as ${params.as_of}"
    if function in CHANCE:
        return "gives another value at every run: hash a key column instead"
    if function in SURROUNDINGS:
        return "depends on where the SQL runs"
    return "does more than compute a value" if function in EFFECTS else None


def _with_names(root: Node) -> list[str]:
    return [name for node in walk(root) for name in _own_names(node)]


def _own_names(node: Node) -> list[str]:
    entries = node.get("cte_map", {}).get("map", []) if isinstance(node.get("cte_map"), dict) else []
    return [entry["key"] for entry in entries]
