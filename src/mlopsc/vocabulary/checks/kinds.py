"""Every kind of check: its name, and the module of its family, which is only imported where a check is used."""

from functools import cache
from importlib import import_module

from mlopsc.vocabulary.checks.base import BaseCheck

FAMILIES: dict[str, tuple[str, ...]] = {
    "table": (
        "table_row_count_to_be_between",
        "table_row_count_to_equal",
        "table_columns_to_match_set",
        "column_to_exist",
    ),
    "values": (
        "column_values_to_not_be_null",
        "column_values_to_be_null",
        "column_values_to_be_of_type",
        "column_values_to_be_between",
        "column_values_to_be_in_set",
        "column_values_to_not_be_in_set",
        "column_values_to_be_unique",
    ),
    "text": (
        "column_values_to_match_regex",
        "column_values_to_not_match_regex",
        "column_value_lengths_to_be_between",
    ),
    "aggregates": (
        "column_mean_to_be_between",
        "column_median_to_be_between",
        "column_stdev_to_be_between",
        "column_sum_to_be_between",
        "column_min_to_be_between",
        "column_max_to_be_between",
        "column_unique_value_count_to_be_between",
    ),
    "multicolumn": (
        "compound_columns_to_be_unique",
        "column_pair_values_a_to_be_greater_than_b",
    ),
    "sql": ("unexpected_rows",),
}
"""Module → the checks in it, in the order of the documentation."""

FAMILY_OF: dict[str, str] = {name: family for family, names in FAMILIES.items() for name in names}
"""Check → module."""

CHECK_NAMES: tuple[str, ...] = tuple(FAMILY_OF)
"""The names that `expect` may have."""


@cache
def model_of(name: str) -> type[BaseCheck]:
    """Return the model of a check, which is called like it: `column_to_exist` is `ColumnToExist`.

    Raises KeyError for a name that is none.
    """
    module = import_module(f"mlopsc.vocabulary.checks.{FAMILY_OF[name]}")
    model: type[BaseCheck] = getattr(module, "".join(part[0].upper() + part[1:] for part in name.split("_")))
    return model
