"""Columns of Python objects of several types, which no engine holds: judged value by value, uncoerced."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlopsc.runtime.checks.outcome import Bounds, Outcome, by_share, failed
from mlopsc.vocabulary.checks import BaseCheck, text
from mlopsc.vocabulary.checks import values as v
from mlopsc.vocabulary.checks.aggregates import ColumnUniqueValueCountToBeBetween

SAMPLE = 20
_PYTHON = {"string": str, "bool": bool, "binary": bytes}


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


def judge_mixed(check: BaseCheck, column: MixedColumn) -> Outcome:
    """Judge a mixed column: a value of a type that the check cannot judge is unexpected."""
    there = [value for value in column.values if value is not None]
    kinds = ", ".join(column.types)
    match check:
        case v.ColumnValuesToNotBeNull():
            return by_share(len(column.values), len(column.values) - len(there), check.mostly, None)
        case v.ColumnValuesToBeNull():
            return _share(column.values, lambda value: value is not None, check.mostly, kinds)
        case ColumnUniqueValueCountToBeBetween():
            count = len({_key(value) for value in there})
            bounds = Bounds(check.min_value, check.max_value, check.strict_min, check.strict_max)
            return Outcome(bounds.hold(count), count)
        case v.ColumnValuesToBeOfType():
            outcome = _share(there, lambda value: not _is(value, check.type_), check.mostly, kinds)
            return Outcome(
                outcome.passed, kinds, outcome.unexpected, message=outcome.message, values=outcome.values
            )
        case v.ColumnValuesToBeUnique():
            counts = Counter(_key(value) for value in there)
            return _share(there, lambda value: counts[_key(value)] > 1, check.mostly, kinds)
        case v.ColumnValuesToBeInSet() | v.ColumnValuesToNotBeInSet():
            members = {_key(value) for value in check.value_set}
            wanted = isinstance(check, v.ColumnValuesToBeInSet)
            return _share(there, lambda value: (_key(value) in members) != wanted, check.mostly, kinds)
        case v.ColumnValuesToBeBetween():
            bounds = Bounds(check.min_value, check.max_value, check.strict_min, check.strict_max)
            return _share(there, lambda value: not _within(value, bounds), check.mostly, kinds)
        case text.ColumnValueLengthsToBeBetween():
            bounds = Bounds(check.min_value, check.max_value, check.strict_min, check.strict_max)
            return _share(there, lambda value: not _has_length(value, bounds), check.mostly, kinds)
        case text.ColumnValuesToMatchRegex() | text.ColumnValuesToNotMatchRegex():
            matching = _matching([str(value) for value in there], check.regex)
            wanted = isinstance(check, text.ColumnValuesToMatchRegex)
            bad = [value for value, match in zip(there, matching, strict=True) if match != wanted]
            return _counted(len(there), bad, check.mostly, kinds)
        case _:
            return failed(f"the column holds values of several types: {kinds}")


def _share(values: Any, unexpected: Callable[[Any], bool], mostly: float, kinds: str) -> Outcome:
    return _counted(len(values), [value for value in values if unexpected(value)], mostly, kinds)


def _counted(total: int, bad: list[Any], mostly: float, kinds: str) -> Outcome:
    outcome = by_share(total, len(bad), mostly, None)
    message = None if outcome.passed else f"the column holds values of several types: {kinds}"
    return Outcome(outcome.passed, outcome.observed, len(bad), message=message, values=tuple(bad[:SAMPLE]))


def _key(value: Any) -> Any:
    """Return what makes a value: 1 and 1.0 are one, True is another."""
    try:
        hash(value)
    except TypeError:
        value = repr(value)
    return isinstance(value, bool), value


def _is(value: Any, type_: str) -> bool:
    if type_ in _PYTHON:
        return isinstance(value, _PYTHON[type_])
    if isinstance(value, bool):
        return False
    return (
        isinstance(value, int) if "int" in type_ else type_.startswith("float") and isinstance(value, float)
    )


def _has_length(value: Any, bounds: Bounds) -> bool:
    return isinstance(value, str) and bounds.hold(len(value))


def _within(value: Any, bounds: Bounds) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return bounds.hold(value)
    except TypeError:
        return False


def _matching(texts: list[str], regex: str) -> list[bool]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found: list[bool] = pc.match_substring_regex(pa.array(texts, pa.string()), regex).to_pylist()
    return found
