"""What of a user's SQL the Spark engine has no counterpart for, told by DuckDB's parse tree alone.

Functions over one row are all there, for DuckDB itself computes those that Spark lacks. Aggregates, and what makes rows
of its own, Spark must have.
"""

AGGREGATES = frozenset(
    [
        "count", "count_star", "sum", "avg", "mean", "min", "max", "bool_and", "bool_or", "count_if", "countif",
        "arg_max", "argmax", "max_by", "arg_min", "argmin", "min_by", "median", "quantile_cont", "stddev",
        "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "corr", "covar_samp", "covar_pop",
    ]
)  # fmt: skip
"""Aggregates that are the same on Spark."""
UNORDERED = frozenset(
    ["first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "group_concat"]
)
"""Aggregates that take rows in the order in which they come, which Spark does not have."""


def aggregate_help(name: str) -> str:
    """Return what to do about an aggregate that Spark cannot compute as DuckDB does."""
    if name.lower() in UNORDERED:
        return "it takes rows as they come, and on Spark they come in no order: use arg_max(value, order) or a window"
    return f"there are {', '.join(sorted(AGGREGATES - {'count_star'}))}; others can be computed in a `python:` view"
