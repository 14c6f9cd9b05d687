"""What of a user's SQL the Spark engine has no counterpart for, told by DuckDB's parse tree alone.

Functions over one row are all there, for DuckDB itself computes those that Spark lacks. Aggregates, and what makes rows
of its own, Spark must have.
"""

from collections.abc import Collection, Iterator

from mlopsc.sql.faults import SqlFault
from mlopsc.sql.syntax import Node, Tree, location, walk

AGGREGATES = frozenset(
    [
        "count", "count_star", "sum", "avg", "mean", "min", "max", "bool_and", "bool_or", "count_if", "countif",
        "arg_max", "argmax", "max_by", "arg_min", "argmin", "min_by", "median", "quantile_cont", "quantile_disc",
        "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "corr", "covar_samp",
        "covar_pop",
    ]
)  # fmt: skip
"""Aggregates that are the same on Spark."""
UNORDERED = frozenset(
    ["first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "group_concat"]
)
"""Aggregates that take rows in the order in which they come, which Spark does not have."""


_NUMBERING = frozenset(
    [
        "WINDOW_ROW_NUMBER", "WINDOW_LAG", "WINDOW_LEAD", "WINDOW_FIRST_VALUE", "WINDOW_LAST_VALUE",
        "WINDOW_NTH_VALUE", "WINDOW_NTILE",
    ]
)  # fmt: skip
_PYTHON = "compute it in a `python:` view"


def beyond_spark(tree: Tree, aggregates: Collection[str]) -> Iterator[SqlFault]:
    """Yield what of a query Spark cannot compute as DuckDB does; `aggregates` are the names of all of DuckDB's."""
    for node in walk(tree.root):
        for message in _messages(node, aggregates):
            yield tree.place.fault("engine", f"the Spark engine cannot compute {message}", *location(node))


def _messages(node: Node, aggregates: Collection[str]) -> Iterator[str]:
    name = str(node.get("function_name", "")).lower()
    kinds = [part.get("type") for part in node.get("modifiers") or ()]
    if any(str(kind).startswith("LIMIT") for kind in kinds) and "ORDER_MODIFIER" not in kinds:
        yield "a LIMIT without ORDER BY: say which rows are the first"
    match node.get("class"), node.get("type"):
        case "FUNCTION", _ if name in ("unnest", "generate_series") and name not in AGGREGATES:
            yield f"{name}(), which makes rows: {_PYTHON}"
        case "FUNCTION", _ if name in aggregates and (name not in AGGREGATES or _ordered(node)):
            yield f"{name}(): {aggregate_help(name)}"
        case "FUNCTION", _ if node.get("distinct") and name != "count":
            yield f"{name}() of distinct values: aggregate a SELECT DISTINCT"
        case "WINDOW", kind if kind in _NUMBERING and not node.get("orders"):
            yield f"{name}() over a window without ORDER BY: say in which order rows stand"
        case "WINDOW", _ if node.get("exclude_clause") not in (None, "NO_OTHER"):
            yield "a window with EXCLUDE"
        case "WINDOW", "WINDOW_AGGREGATE" if name not in AGGREGATES:
            yield f"{name}() over a window: {aggregate_help(name)}"
        case "STAR", _ if node.get("columns"):
            yield "COLUMNS(…): list the columns by name"
        case _, "TABLE_FUNCTION":
            yield f"a table function: {_PYTHON}"
        case _, "PIVOT":
            yield "PIVOT: write one `sum(…) FILTER (WHERE …)` a column"
        case _, "JOIN" if node.get("ref_type") == "POSITIONAL":
            yield "a positional join: rows have no position there"
        case _, "SET_OPERATION_NODE" if str(node.get("setop_type", "")).endswith("BY_NAME"):
            yield "a set operation BY NAME: list the columns in one order"


def _ordered(node: Node) -> bool:
    return bool((node.get("order_bys") or {}).get("orders"))


def aggregate_help(name: str) -> str:
    """Return what to do about an aggregate that Spark cannot compute as DuckDB does."""
    if name.lower() in UNORDERED:
        return "it takes rows as they come, and on Spark they come in no order: use arg_max(value, order) or a window"
    return f"there are {', '.join(sorted(AGGREGATES - {'count_star'}))}; others can be computed in a `python:` view"
