"""Values that take in other rows than those before: windows that look ahead, aggregates over a whole table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from mlopsc.sql.syntax import Node, location, walk

Source = tuple[str, str]
"""A base table and one of its columns."""
_POSITIONS = frozenset(["row_number", "rank", "dense_rank"])
_SHARES = frozenset(["ntile", "percent_rank", "cume_dist"])
_AGGREGATES = frozenset(
    [
        "avg", "mean", "sum", "fsum", "kahan_sum", "min", "max", "count", "count_star", "count_if", "median", "mode",
        "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "skewness", "kurtosis", "mad",
        "quantile", "quantile_cont", "quantile_disc", "approx_quantile", "approx_count_distinct", "corr", "covar_pop",
        "covar_samp", "regr_slope", "regr_intercept", "entropy", "product", "bool_and", "bool_or", "geomean",
    ]
)  # fmt: skip
_UNITS = {
    "to_microseconds": timedelta(microseconds=1),
    "to_milliseconds": timedelta(milliseconds=1),
    "to_seconds": timedelta(seconds=1),
    "to_minutes": timedelta(minutes=1),
    "to_hours": timedelta(hours=1),
    "to_days": timedelta(days=1),
    "to_weeks": timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Beyond:
    """A construct whose value depends on later rows (`later`), or on all rows of a table or partition (`all`)."""

    kind: Literal["later", "all"]
    words: str
    order: frozenset[Source]
    """What the rows are ordered by, first of all."""
    partition: frozenset[Source]
    """The columns that it is divided by."""
    reach: timedelta | None
    """How far ahead it looks, where that is known."""
    offset_bytes: int | None
    length_bytes: int


def window_beyond(node: Node, sources: Callable[[object], frozenset[Source]]) -> Beyond | None:
    """Return what a WINDOW node takes in beyond the rows before it; `sources` tells what a node is computed from."""
    name = str(node["function_name"]).lower()
    partition = sources(node["partitions"])
    if not node["orders"]:
        if name in _POSITIONS | {"lead", "lag"}:
            return None
        divided = " (PARTITION BY …)" if node["partitions"] else " ()"
        return Beyond("all", f"{name}() OVER{divided}", frozenset(), partition, None, *location(node))
    first = node["orders"][0]
    order = sources(first["expression"])
    if name in _SHARES:
        return Beyond("all", f"{name}() OVER a whole window", frozenset(), partition, None, *location(node))
    words, reach = _ahead(node, name, descending=first["type"] == "DESCENDING")
    return None if words is None else Beyond("later", words, order, partition, reach, *location(node))


def _ahead(node: Node, name: str, *, descending: bool) -> tuple[str | None, timedelta | None]:
    """Return how a window with an order looks at later rows, in words, and how far."""
    back = " over a descending order" if descending else ""
    if name in ("lead", "lag"):
        steps = [one["expression"] for one in node.get("arguments", ())][1:2]
        negative = any(str(one.get("literal", {}).get("text", "")).startswith("-") for one in steps)
        later = (name == "lead") != negative
        return (f"{name}(){back}", None) if later != descending else (None, None)
    if name in _POSITIONS:
        return (f"{name}(){back}", None) if descending else (None, None)
    start, end = str(node["start"]), str(node["end"])
    if descending:
        return (f"{name}(){back}", None) if "PRECEDING" in start else (None, None)
    if "FOLLOWING" not in end:
        return None, None
    reach = _interval(node["end_expr"]) if end.endswith("_RANGE") and node["end_expr"] else None
    return f"{name}() over rows that follow", reach


def _interval(node: Node) -> timedelta | None:
    """Return the length of `interval 2 hours`, None for what is no such constant."""
    unit = _UNITS.get(str(node.get("function_name")))
    constants = [one["literal"].get("text") for one in walk(node) if one.get("class") == "CONSTANT"]
    if unit is None or len(constants) != 1:
        return None
    try:
        return unit * float(constants[0])
    except (TypeError, ValueError, OverflowError):
        return None


def whole_table(query: Node) -> Beyond | None:
    """Return what makes a nested SELECT aggregate a whole table: no GROUP BY and no condition."""
    if query["type"] != "SELECT_NODE" or query["group_expressions"] or query["where_clause"]:
        return None
    if query["aggregate_handling"] != "STANDARD_HANDLING":
        return None
    for node in walk(query["select_list"]):
        name = str(node.get("function_name", "")).lower()
        if node.get("class") == "FUNCTION" and name in _AGGREGATES:
            return Beyond(
                "all", f"{name}() over a whole table", frozenset(), frozenset(), None, *location(node)
            )
    return None
