"""The parse tree of a user's SQL, by DuckDB's own parser, and the proof that it has the form it must have.

An expression is parsed twice, bare and in brackets: only a text that closes what it opens gives the same
single item both times, with nothing else in the statement around it. So a text such as
`1) FROM t; DROP TABLE t; SELECT (1` cannot reach an engine.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlopsc.sql.faults import Placement, SqlFault, fault_from

if TYPE_CHECKING:
    import duckdb

Node = dict[str, Any]
"""One object of `json_serialize_sql`'s tree."""

_LOCATIONS = ("query_location", "query_location_length")
_OPEN, _CLOSE = "SELECT (\n", '\n) FROM "t"'
_BARE_OPEN, _BARE_CLOSE = "SELECT \n", '\n FROM "t"'
_TYPES = ("cast_type", "expected_types", "type", "literal", "type_info")


@dataclass(frozen=True, slots=True)
class Tree:
    """A parse tree; `place` maps its locations to the user's text."""

    root: Node
    place: Placement


def parse_query(connection: "duckdb.DuckDBPyConnection", sql: str) -> Tree | SqlFault:
    """Return the tree of the only SELECT in `sql`, or what is wrong with it."""
    place = Placement(sql)
    if fault := _unreadable(place):
        return fault
    [document] = _serialize(connection, [sql])
    if fault := _rejected(document, place):
        return fault
    if len(document["statements"]) != 1:
        return place.fault(
            "shape", f"expected one SELECT statement, found {len(document['statements'])} statements"
        )
    return Tree(document["statements"][0]["node"], place)


def parse_expression(connection: "duckdb.DuckDBPyConnection", sql: str) -> Tree | SqlFault:
    """Return the tree of the one expression that `sql` is, or what is wrong with it."""
    if fault := _unreadable(Placement(sql)):
        return fault
    place = Placement(sql, (len(_OPEN),))
    bare_place = Placement(sql, (len(_BARE_OPEN),))
    wrapped, bare = _serialize(connection, [_OPEN + sql + _CLOSE, _BARE_OPEN + sql + _BARE_CLOSE])
    rejected = [fault for fault in (_rejected(bare, bare_place), _rejected(wrapped, place)) if fault]
    if rejected and wrapped.get("error"):
        return min(rejected, key=lambda fault: fault.offset_chars >= len(sql.rstrip()))
    one = place.fault("shape", "expected one expression: the text closes or opens more than it should")
    if bare.get("error") or len(wrapped["statements"]) != 1 or len(bare["statements"]) != 1:
        return one
    inside, outside = wrapped["statements"][0]["node"], bare["statements"][0]["node"]
    items = outside.get("select_list", [])
    if len(items) > 1:
        return place.fault("shape", f"expected one expression, found {len(items)}")
    if not _is_plain(inside) or not _same(inside, outside):
        return one
    return Tree(inside["select_list"][0], place)


def walk(root: Any) -> Iterator[Node]:
    """Yield every object of a tree, parents first; types and literals are leaves."""
    stack = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(child for key, child in reversed(item.items()) if key not in _TYPES)
        elif isinstance(item, list):
            stack.extend(reversed(item))


def location(node: Node) -> tuple[int | None, int]:
    """Return the byte offset (None when unknown) and length of a node in the statement."""
    return node.get("query_location"), node.get("query_location_length", 0)


_TOO_DEEP: Node = {"error": True, "error_type": "parser", "error_message": "max expression depth"}


def _unreadable(place: Placement) -> SqlFault | None:
    try:
        place.text.encode()
    except UnicodeEncodeError as error:
        return SqlFault("syntax", "the SQL holds a lone surrogate, which is no character", error.start, 1)
    if "\0" in place.text:
        return SqlFault("syntax", "the SQL holds a NUL character", place.text.index("\0"), 1)
    if not place.text.strip():
        return SqlFault("syntax", "the SQL is empty", 0, len(place.text))
    return None


def _serialize(connection: "duckdb.DuckDBPyConnection", statements: list[str]) -> list[Node]:
    import duckdb

    columns = ", ".join(["json_serialize_sql(?)"] * len(statements))
    try:
        row = connection.execute(f"SELECT {columns}", statements).fetchone()
        return [json.loads(text) for text in row or ()]
    except (duckdb.Error, RecursionError, ValueError):
        return [_TOO_DEEP] * len(statements)


def _rejected(document: Node, place: Placement) -> SqlFault | None:
    if not document.get("error"):
        return None if document["statements"] else place.fault("syntax", "the SQL is empty")
    if document["error_type"] == "parser":
        return fault_from(document, place, {}, per_row=False)
    if "Only SELECT" in document["error_message"]:
        return place.fault("unsafe", "only a SELECT can stand here")
    return place.fault("unsafe", "unnamed parameters and statements of this kind cannot stand here")


def _is_plain(node: Node) -> bool:
    """Tell whether a statement is `SELECT … FROM "t"` and nothing else."""
    if node["type"] != "SELECT_NODE" or node["cte_map"]["map"]:
        return False
    table = node["from_table"]
    named = ("type", "table_name", "qualified_name", *_LOCATIONS)
    if table["type"] != "BASE_TABLE" or any(value for key, value in table.items() if key not in named):
        return False
    known = ("type", "cte_map", "select_list", "from_table", "aggregate_handling")
    return node["aggregate_handling"] == "STANDARD_HANDLING" and not any(
        value for key, value in node.items() if key not in known
    )


def _same(left: Any, right: Any) -> bool:
    """Tell whether two trees differ in nothing but locations."""
    stack = [(left, right)]
    while stack:
        a, b = stack.pop()
        if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
            stack.extend((a[key], b[key]) for key in a if key not in _LOCATIONS)
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            stack.extend(zip(a, b, strict=True))
        elif a != b or isinstance(a, dict | list):
            return False
    return True
