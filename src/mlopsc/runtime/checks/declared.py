"""What a dataset declares of its columns and key, as checks."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks.multicolumn import CompoundColumnsToBeUnique
from mlopsc.vocabulary.checks.table import ColumnToExist
from mlopsc.vocabulary.checks.text import ColumnValuesToMatchRegex
from mlopsc.vocabulary.checks.values import (
    ColumnValuesToBeBetween,
    ColumnValuesToBeInSet,
    ColumnValuesToBeOfType,
    ColumnValuesToBeUnique,
    ColumnValuesToNotBeNull,
)
from mlopsc.vocabulary.columns import Column


def declared_checks(
    columns: Mapping[str, Column], primary_key: Sequence[str], present: Collection[str]
) -> list[BaseCheck]:
    """Return the checks that declared columns and a primary key amount to, all of severity `error`.

    A column that is not among those `present` is one failure, not one for each of its constraints.
    """
    checks: list[BaseCheck] = []
    for name, column in columns.items():
        own = list(_of_column(name, column)) if name in present else []
        checks += own or [ColumnToExist(column=name)]
    for name in primary_key:
        if name not in present:
            checks.append(ColumnToExist(column=name))
        elif name not in columns or columns[name].nullable:
            checks.append(ColumnValuesToNotBeNull(column=name))
    if all(name in present for name in primary_key):
        if len(primary_key) == 1:
            checks.append(ColumnValuesToBeUnique(column=primary_key[0]))
        elif primary_key:
            checks.append(CompoundColumnsToBeUnique(column_list=tuple(primary_key), ignore_row_if="never"))
    return checks


def _of_column(name: str, column: Column) -> Iterator[BaseCheck]:
    if column.type is not None:
        yield ColumnValuesToBeOfType(column=name, type_=column.type)
    if not column.nullable:
        yield ColumnValuesToNotBeNull(column=name)
    if column.unique:
        yield ColumnValuesToBeUnique(column=name)
    if column.min is not None or column.max is not None:
        yield ColumnValuesToBeBetween(column=name, min_value=column.min, max_value=column.max)
    if column.allowed is not None:
        yield ColumnValuesToBeInSet(column=name, value_set=column.allowed)
    if column.pattern is not None:
        yield ColumnValuesToMatchRegex(column=name, regex=column.pattern)
