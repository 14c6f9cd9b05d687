"""Which parts of a query give another result when its input rows come in another order."""

from mlopsc.sql.syntax import Node, Tree, walk

_PICKING = frozenset(
    [
        "first",
        "last",
        "any_value",
        "arbitrary",
        "list",
        "array_agg",
        "string_agg",
        "group_concat",
        "listagg",
        "lttb",
        "mode",
        "arg_max",
        "argmax",
        "max_by",
        "arg_min",
        "argmin",
        "min_by",
        "arg_max_null",
        "arg_min_null",
        "arg_max_nulls_last",
        "arg_min_nulls_last",
        "approx_quantile",
        "approx_top_k",
        "reservoir_quantile",
    ]
)
_POSITIONAL = frozenset(
    [
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first",
        "first_value",
        "last",
        "last_value",
        "nth_value",
        "fill",
    ]
)


def order_dependent(tree: Tree) -> tuple[str, ...]:
    """Return the constructs of a query whose result hangs on row order, in plain words; empty when none do.

    A construct with an ORDER BY of its own counts as ordered, though ties may remain. Sums and averages of
    floats differ in the last bits with the order of addition; that is the engine's to prevent.
    """
    found = {words: None for node in walk(tree.root) if (words := _words(node))}
    return tuple(found)


def _words(node: Node) -> str | None:
    name = str(node.get("function_name", "")).lower()
    modifiers = {modifier["type"]: modifier for modifier in node.get("modifiers") or ()}
    if node.get("class") == "FUNCTION" and name in _PICKING and not node["order_bys"]["orders"]:
        return f"{name}() without ORDER BY inside it"
    if node.get("class") == "WINDOW" and not node.get("orders") and name in _POSITIONAL | _PICKING:
        return f"{name}() OVER a window without ORDER BY"
    if "ORDER_MODIFIER" not in modifiers:
        if modifiers.keys() & {"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"}:
            return "LIMIT without ORDER BY"
        if modifiers.get("DISTINCT_MODIFIER", {}).get("distinct_on_targets"):
            return "DISTINCT ON without ORDER BY"
    if node.get("type") == "JOIN" and node.get("ref_type") == "POSITIONAL":
        return "POSITIONAL JOIN"
    return None
