"""Every kind of check: its name, and the module of its family, which is only imported where a check is used."""

from functools import cache
from importlib import import_module

from mlopsc.vocabulary.checks.base import BaseCheck

FAMILIES: dict[str, tuple[str, ...]] = {
    "table": (
        "table_row_count_to_be_between",
        "table_row_count_to_equal",
        "table_row_count_to_equal_other_table",
        "table_column_count_to_be_between",
        "table_column_count_to_equal",
        "table_columns_to_match_ordered_list",
        "table_columns_to_match_set",
        "column_to_exist",
    ),
    "values": (
        "column_values_to_not_be_null",
        "column_values_to_be_null",
        "column_values_to_be_of_type",
        "column_values_to_be_in_type_list",
        "column_type_to_be",
        "column_values_to_be_between",
        "column_values_to_be_in_set",
        "column_values_to_not_be_in_set",
        "column_values_to_be_unique",
        "column_values_to_be_increasing",
        "column_values_to_be_decreasing",
        "column_value_z_scores_to_be_less_than",
        "column_values_to_not_be_outliers",
    ),
    "text": (
        "column_values_to_match_regex",
        "column_values_to_not_match_regex",
        "column_values_to_match_regex_list",
        "column_values_to_not_match_regex_list",
        "column_values_to_match_like_pattern",
        "column_values_to_not_match_like_pattern",
        "column_values_to_match_like_pattern_list",
        "column_values_to_not_match_like_pattern_list",
        "column_value_lengths_to_be_between",
        "column_value_lengths_to_equal",
    ),
    "parsed": (
        "column_values_to_be_dateutil_parseable",
        "column_values_to_match_strftime_format",
        "column_values_to_be_json_parseable",
        "column_values_to_match_json_schema",
    ),
    "aggregates": (
        "column_mean_to_be_between",
        "column_median_to_be_between",
        "column_stdev_to_be_between",
        "column_sum_to_be_between",
        "column_min_to_be_between",
        "column_max_to_be_between",
        "column_proportion_of_non_null_values_to_be_between",
    ),
    "quantiles": ("column_quantile_values_to_be_between",),
    "distinct": (
        "column_unique_value_count_to_be_between",
        "column_proportion_of_unique_values_to_be_between",
        "column_distinct_values_to_be_in_set",
        "column_distinct_values_to_contain_set",
        "column_distinct_values_to_equal_set",
        "column_most_common_value_to_be_in_set",
    ),
    "distribution": ("column_kl_divergence_to_be_less_than",),
    "multicolumn": (
        "compound_columns_to_be_unique",
        "select_column_values_to_be_unique_within_record",
        "multicolumn_values_to_be_equal",
        "multicolumn_sum_to_equal",
        "column_pair_values_to_be_equal",
        "column_pair_values_a_to_be_greater_than_b",
        "column_pair_values_to_be_in_set",
    ),
    "sql": ("unexpected_rows",),
    "python_function": ("python_function",),
    "beyond": ("freshness", "foreign_key", "row_count_change", "distribution_unchanged"),
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
