"""Columns of Python objects of several types, which no engine holds, kept apart from the rest of a table."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MixedColumn:
    """The values of such a column, None where there is none, and the names of their types."""

    values: tuple[Any, ...]
    types: tuple[str, ...]


def split_mixed(table: Any) -> tuple[Any, dict[str, MixedColumn]]:
    """Return a table whose mixed columns hold nulls only, and what these held; any other table as it is."""
    if type(table).__module__.partition(".")[0] != "pandas" or not hasattr(table, "columns"):
        return table, {}
    from mlopsc.runtime.tables import check_names, mixed_types

    check_names(list(table.columns))
    found = {}
    for name, types in mixed_types(table).items():
        values = table[name]
        found[name] = MixedColumn(tuple(values.where(values.notna(), None)), tuple(types))
        table = table.assign(**{name: None})
    return table, found
