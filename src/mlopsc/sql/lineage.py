"""Which base columns each output column of a query is computed from, read off the parse tree.

Only values count: a column that merely filters, joins or sorts rows is no source. Beside the columns stand the
constructs by which a value takes in other rows than those before it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.sql.beyond import Beyond, Source, whole_table, window_beyond
from mlopsc.sql.syntax import Node, walk

Sources = frozenset[Source | Beyond]
Columns = dict[str, Sources]
"""Output columns by lower-case name, in order, with what they come from."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The names that an expression can see: tables of FROM, aliases made earlier, the query outside."""

    tables: tuple[tuple[str, Columns], ...]
    outer: "_Scope | None" = None

    def find(self, path: list[str]) -> Sources | None:
        """Return what `column`, `table.column` or `column.field` comes from; None: no such name."""
        names = [part.lower() for part in path]
        for alias, columns in self.tables:
            if len(names) > 1 and names[0] == alias and names[1] in columns:
                return columns[names[1]]
        own = [columns[names[0]] for _, columns in self.tables if names[0] in columns]
        if own:
            return frozenset().union(*own)
        for alias, columns in self.tables:
            if names[0] == alias:
                return frozenset().union(*columns.values())
        return self.outer.find(path) if self.outer else None


def lineage(root: Node, tables: Mapping[str, Iterable[str]]) -> list[Sources] | None:
    """Return what each output column of the query `root` is computed from, in order.

    `tables` are the base tables' columns. None when the tree cannot tell: PIVOT, NATURAL JOIN, COLUMNS(…) or
    `* RENAME`.
    """
    if any(_unclear(node) for node in walk(root)):
        return None
    base: dict[str, Columns] = {
        table.lower(): {column.lower(): frozenset({(table, column)}) for column in columns}
        for table, columns in tables.items()
    }
    return [sources for _, sources in _query(root, base, None)]


def _unclear(node: Node) -> bool:
    if node.get("class") == "STAR":
        return bool(node["columns"] or node["rename_list"] or node["qualified_exclude_list"])
    return node.get("type") == "PIVOT" or node.get("ref_type") == "NATURAL"


def _query(node: Node, known: Mapping[str, Columns], outer: _Scope | None) -> list[tuple[str, Sources]]:
    known = dict(known)
    for entry in node.get("cte_map", {}).get("map", []):
        value = entry["value"]
        known[entry["key"].lower()] = _renamed(_nested(value["query_node"], known, outer), value["aliases"])
    if node["type"] == "SET_OPERATION_NODE":
        children = [_query(child, known, outer) for child in node["children"]]
        if node["setop_type"] == "UNION_BY_NAME":
            return _by_name(children)
        return [
            (column[0][0], frozenset().union(*(sources for _, sources in column)))
            for column in zip(*children, strict=False)
        ]
    scope = _Scope(tuple(_from(node["from_table"], known, outer)), outer)
    made: list[tuple[str, Sources]] = []
    for item in node["select_list"]:
        made.extend(_item(item, _Scope(scope.tables, _Scope((("", dict(made)),), outer)), known))
    return made


def _nested(node: Node, known: Mapping[str, Columns], outer: _Scope | None) -> list[tuple[str, Sources]]:
    """Return the columns of a query inside another: one that aggregates a whole table says so in each of them."""
    columns, whole = _query(node, known, outer), whole_table(node)
    return columns if whole is None else [(name, sources | {whole}) for name, sources in columns]


def columns_of(sources: Sources) -> frozenset[Source]:
    """Return the columns alone."""
    return frozenset(one for one in sources if not isinstance(one, Beyond))


def _item(item: Node, scope: _Scope, known: Mapping[str, Columns]) -> Iterator[tuple[str, Sources]]:
    if item["class"] == "STAR":
        yield from _star(item, scope, known)
        return
    name = item.get("alias") or (item["column_names"][-1] if item["class"] == "COLUMN_REF" else "")
    yield name.lower(), _value(item, scope, known)


def _star(item: Node, scope: _Scope, known: Mapping[str, Columns]) -> Iterator[tuple[str, Sources]]:
    excluded = {str(name).lower() for name in item["exclude_list"]}
    replaced = {entry["key"].lower(): entry["value"] for entry in item["replace_list"]}
    wanted = item["relation_name"].lower()
    for alias, columns in scope.tables:
        for column, sources in columns.items():
            if column not in excluded and wanted in ("", alias):
                yield column, _value(replaced[column], scope, known) if column in replaced else sources


def _value(node: Any, scope: _Scope, known: Mapping[str, Columns]) -> Sources:
    if isinstance(node, list):
        return frozenset().union(*(_value(item, scope, known) for item in node))
    if not isinstance(node, dict):
        return frozenset()
    if node.get("class") == "COLUMN_REF":
        return scope.find(node["column_names"]) or frozenset()
    if node.get("class") == "STAR":
        return frozenset().union(*(sources for _, columns in scope.tables for sources in columns.values()))
    if node.get("class") == "SUBQUERY":
        inner = _nested(node["subquery"]["node"], known, scope)
        return frozenset().union(_value(node.get("child"), scope, known), *(sources for _, sources in inner))
    if node.get("class") == "WINDOW":
        beyond = window_beyond(node, lambda part: columns_of(_value(part, scope, known)))
        own: Sources = frozenset() if beyond is None else frozenset([beyond])
        values = (child for key, child in node.items() if key not in ("partitions", "orders"))
        return own.union(*(_value(child, scope, known) for child in values))
    return frozenset().union(*(_value(child, scope, known) for child in node.values()))


def _from(node: Node, known: Mapping[str, Columns], outer: _Scope | None) -> Iterator[tuple[str, Columns]]:
    alias = str(node.get("alias") or node.get("table_name") or "").lower()
    match node["type"]:
        case "BASE_TABLE":
            columns = known.get(node["table_name"].lower(), {})
            yield alias, _renamed(list(columns.items()), node["column_name_alias"])
        case "SUBQUERY":
            inner = _nested(node["subquery"]["node"], known, outer)
            yield alias, _renamed(inner, node["column_name_alias"])
        case "JOIN":
            left = list(_from(node["left"], known, outer))
            right = list(_from(node["right"], known, _Scope(tuple(left), outer)))
            yield from left
            if node["join_type"] in ("SEMI", "ANTI"):
                return
            using = {name.lower() for name in node["using_columns"]}
            for name, columns in right:
                yield name, {key: value for key, value in columns.items() if key not in using}
        case "TABLE_FUNCTION" | "EXPRESSION_LIST":
            scope = outer or _Scope(())
            names = node.get("column_name_alias") or node.get("expected_names") or [alias]
            sources = _value(node.get("function") or node.get("values"), scope, known)
            yield alias, {str(name).lower(): sources for name in names}


def _renamed(columns: list[tuple[str, Sources]], names: list[str]) -> Columns:
    renamed = [str(name).lower() for name in names] + [name for name, _ in columns[len(names) :]]
    return dict(zip(renamed, (sources for _, sources in columns), strict=False))


def _by_name(children: list[list[tuple[str, Sources]]]) -> list[tuple[str, Sources]]:
    merged: Columns = {}
    for name, sources in (column for child in children for column in child):
        merged[name] = merged.get(name, frozenset()) | sources
    return list(merged.items())
