"""Columns that are the beginning of a stretch of time in which rows are aggregated: what is in it comes later."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from mlopsc.sql.syntax import Node, Tree, walk

_DAY = timedelta(days=1)
_LENGTHS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 31 * _DAY,
    "quarter": 92 * _DAY,
    "year": 366 * _DAY,
}
_TRUNCATING = frozenset(["date_trunc", "datetrunc", "time_bucket"])


def beginnings(tree: Tree, names: Sequence[str]) -> Mapping[str, timedelta | None]:
    """Return the output columns of an aggregating SELECT that are such, with the longest that a stretch can be."""
    root = tree.root
    grouped = root["type"] == "SELECT_NODE" and (
        root["group_expressions"] or root["aggregate_handling"] != "STANDARD_HANDLING"
    )
    items = root.get("select_list", [])
    if not grouped or len(items) != len(names):
        return {}
    found = {}
    for name, item in zip(names, items, strict=True):
        if (stretch := _stretch(item)) is not None:
            found[name] = stretch[0]
    return found


def _stretch(item: Node) -> tuple[timedelta | None] | None:
    """Return the length of the stretch that a value begins, in a tuple; None when it begins none."""
    for node in walk(item):
        name = str(node.get("function_name", "")).lower()
        if node.get("class") == "FUNCTION" and name in _TRUNCATING:
            texts = [one["literal"].get("text") for one in walk(node) if one.get("class") == "CONSTANT"]
            return (_length(str(texts[0]) if texts else ""),)
        if node.get("class") == "CAST" and str(node["type_expr"].get("type_name", "")).lower() == "date":
            return (_DAY,)
        if node is item and name in ("min", "first", "arg_min"):
            return (None,)
    return None


def _length(text: str) -> timedelta | None:
    """Return the length of `day` or `15 minutes`."""
    number, _, unit = text.lower().strip().rpartition(" ")
    length = _LENGTHS.get(unit.removesuffix("s"))
    try:
        return None if length is None else length * float(number or 1)
    except (ValueError, OverflowError):
        return None
