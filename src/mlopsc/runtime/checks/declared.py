"""What a dataset declares of its columns and key, as checks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.columns import Column


@dataclass(frozen=True)
class Declared:
    """A check, and where the dataset declares it."""

    check: BaseCheck
    place: tuple[str | int, ...]


def declared_checks(
    columns: Mapping[str, Column], primary_key: Sequence[str], present: Collection[str]
) -> list[Declared]:
    """Return the checks that declared columns and a primary key amount to.

    A column that is not among those `present` is one failure, not one for each of its constraints.
    """
    from mlopsc.vocabulary.checks.table import ColumnToExist
    from mlopsc.vocabulary.checks.values import ColumnValuesToBeUnique, ColumnValuesToNotBeNull

    checks: list[Declared] = []
    for name, column in columns.items():
        place = ("columns", name)
        own = [Declared(one, (*place, key)) for key, one in _of_column(name, column)]
        checks += own if own and name in present else [Declared(ColumnToExist(column=name), place)]
    key = ("primary_key",)
    for name in primary_key:
        if name not in present:
            checks.append(Declared(ColumnToExist(column=name), key))
        elif name not in columns or columns[name].nullable:
            checks.append(Declared(ColumnValuesToNotBeNull(column=name), key))
    if all(name in present for name in primary_key):
        if len(primary_key) == 1:
            checks.append(Declared(ColumnValuesToBeUnique(column=primary_key[0]), key))
        elif primary_key:
            from mlopsc.vocabulary.checks.multicolumn import CompoundColumnsToBeUnique

            unique = CompoundColumnsToBeUnique(column_list=tuple(primary_key), ignore_row_if="never")
            checks.append(Declared(unique, key))
    return checks


def contract_checks(
    columns: Mapping[str, Column],
    primary_key: Sequence[str],
    checks: Sequence[BaseCheck],
    present: Collection[str],
) -> list[Declared]:
    """Return all checks of a dataset in the order of a report: columns, key, then `checks`."""
    listed = [Declared(check, ("checks", place)) for place, check in enumerate(checks)]
    return [*declared_checks(columns, primary_key, present), *listed]


def _of_column(name: str, column: Column) -> Iterator[tuple[str, BaseCheck]]:
    from mlopsc.vocabulary.checks.text import ColumnValuesToMatchRegex
    from mlopsc.vocabulary.checks.values import (
        ColumnValuesToBeBetween,
        ColumnValuesToBeInSet,
        ColumnValuesToBeOfType,
        ColumnValuesToBeUnique,
        ColumnValuesToNotBeNull,
    )

    if column.type is not None:
        yield "type", ColumnValuesToBeOfType(column=name, type_=column.type)
    if not column.nullable:
        yield "nullable", ColumnValuesToNotBeNull(column=name)
    if column.unique:
        yield "unique", ColumnValuesToBeUnique(column=name)
    if column.min is not None or column.max is not None:
        side = "max" if column.min is None else "min"
        yield side, ColumnValuesToBeBetween(column=name, min_value=column.min, max_value=column.max)
    if column.allowed is not None:
        yield "allowed", ColumnValuesToBeInSet(column=name, value_set=column.allowed)
    if column.pattern is not None:
        yield "pattern", ColumnValuesToMatchRegex(column=name, regex=column.pattern)
