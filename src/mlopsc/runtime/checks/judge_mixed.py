"""Columns of several Python types, judged value by value: nothing is coerced, and 1, True and '1' are three values.

A value of a type that a check cannot judge is unexpected. Expressions are matched by RE2 here, too.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.runtime.checks.measures.base import bounds_of
from mlopsc.runtime.checks.measures.parsed import reader
from mlopsc.runtime.checks.measures.text import expressions, length_bounds, must_match
from mlopsc.runtime.checks.outcome import Bounds, Outcome, by_share, failed
from mlopsc.vocabulary.checks import BaseCheck, aggregates, distinct, multicolumn, parsed, text, values
from mlopsc.vocabulary.checks.base import OfColumn, OfValues

SAMPLE = 20
_PYTHON = {"string": str, "bool": bool, "binary": bytes}


@dataclass(frozen=True)
class Cells:
    """The columns of a check, None where there is no value, the numbers of the rows, and the types in words."""

    columns: Mapping[str, Sequence[Any]]
    rows: Sequence[int]
    kinds: str


def judge_mixed(check: BaseCheck, cells: Cells) -> Outcome:
    """Return what a check comes to that reads a mixed column."""
    match check:
        case multicolumn.OfColumns() | multicolumn.OfPair():
            return _of_rows(check, cells)
        case values.ColumnValuesToNotBeNull():
            return _judged(check, cells, lambda value: value is not None, of_rows=True)
        case values.ColumnValuesToBeNull():
            return _judged(check, cells, lambda value: value is None, of_rows=True)
        case values.ColumnTypeToBe():
            return Outcome(False, cells.kinds, message=_several(cells))
        case OfValues():
            there = [value for value in cells.columns[check.column] if value is not None]
            good = _good(check, there)
            return failed(_several(cells)) if good is None else _judged(check, cells, good)
        case OfColumn():
            return _of_column(check, cells)
        case _:
            return failed(_several(cells))


def _several(cells: Cells) -> str:
    return f"the column holds values of several types: {cells.kinds}"


def _judged(check: OfValues, cells: Cells, good: Callable[[Any], bool], *, of_rows: bool = False) -> Outcome:
    judged = [
        (row, value)
        for row, value in zip(cells.rows, cells.columns[check.column], strict=True)
        if of_rows or value is not None
    ]
    outcome = _counted(judged, [one for one in judged if not good(one[1])], check.mostly, cells)
    if isinstance(check, values.ColumnValuesToBeOfType | values.ColumnValuesToBeInTypeList):
        return Outcome(
            outcome.passed, cells.kinds, outcome.unexpected,
            message=outcome.message, values=outcome.values, rows=outcome.rows,
        )  # fmt: skip
    return outcome


def _counted(judged: Sequence[Any], bad: Sequence[tuple[int, Any]], mostly: float, cells: Cells) -> Outcome:
    outcome = by_share(len(judged), len(bad), mostly)
    return Outcome(
        outcome.passed,
        outcome.observed,
        len(bad),
        message=None if outcome.passed else _several(cells),
        values=tuple(value for _, value in bad[:SAMPLE]),
        rows=tuple(row for row, _ in bad[:SAMPLE]),
    )


def _good(check: OfValues, there: Sequence[Any]) -> Callable[[Any], bool] | None:
    """Return what says whether a value passes; None where no value of a mixed column can be judged."""
    match check:
        case values.ColumnValuesToBeOfType():
            return lambda value: _is(value, check.type_)
        case values.ColumnValuesToBeInTypeList():
            return lambda value: any(_is(value, type_) for type_ in check.type_list)
        case values.ColumnValuesToBeUnique():
            counts = Counter(map(_key, there))
            return lambda value: counts[_key(value)] == 1
        case values.ColumnValuesToBeInSet() | values.ColumnValuesToNotBeInSet():
            members = set(map(_key, check.value_set))
            wanted = isinstance(check, values.ColumnValuesToBeInSet)
            return lambda value: (_key(value) in members) == wanted
        case values.ColumnValuesToBeBetween():
            bounds = bounds_of(check)
            return lambda value: _within(value, bounds)
        case text.OfLength():
            lengths = length_bounds(check)
            return lambda value: isinstance(value, str) and lengths.hold(len(value))
        case text.OfPattern():
            found = _matching(list(map(str, there)), check)
            return lambda value: found[str(value)]
        case parsed.OfText():
            reads = reader(check)
            return lambda value: isinstance(value, str) and reads(value)
        case _:
            return None


def _of_column(check: OfColumn, cells: Cells) -> Outcome:
    cellvalues = cells.columns[check.column]
    keys = Counter(_key(value) for value in cellvalues if value is not None)
    count = sum(keys.values())
    match check:
        case aggregates.ColumnProportionOfNonNullValuesToBeBetween():
            share = count / len(cellvalues) if cellvalues else 0.0
            return Outcome(bounds_of(check).hold(share), share)
        case distinct.ColumnUniqueValueCountToBeBetween():
            return Outcome(bounds_of(check).hold(len(keys)), len(keys))
        case distinct.ColumnProportionOfUniqueValuesToBeBetween():
            share = len(keys) / count if count else 0.0
            return Outcome(bounds_of(check).hold(share), share)
        case distinct.ColumnMostCommonValueToBeInSet():
            most = max(keys.values(), default=0)
            common = [key for key, n in keys.items() if n == most]
            among = sum(key in set(map(_key, check.value_set)) for key in common)
            passed = among > 0 if check.ties_okay else len(common) == among == 1
            return Outcome(passed, [value for _, value in common][:SAMPLE])
        case values.OfSet():
            return _of_set(check, keys)
        case _:
            return failed(_several(cells))


def _of_set(check: values.OfSet, keys: Iterable[Hashable]) -> Outcome:
    members, found = dict.fromkeys(map(_key, check.value_set)), dict.fromkeys(keys)
    extra = [value for key in found if key not in members for value in [_value(key)]]
    missing = [value for key in members if key not in found for value in [_value(key)]]
    wanted, whole = (
        not isinstance(check, distinct.ColumnDistinctValuesToContainSet),
        not isinstance(check, distinct.ColumnDistinctValuesToBeInSet),
    )
    parts = [f"{len(extra)} different values are not in the set"] if wanted and extra else []
    parts += [f"missing: {', '.join(map(str, missing[:SAMPLE]))}"] if whole and missing else []
    shown = tuple(extra[:SAMPLE]) if wanted else ()
    return Outcome(
        not parts, None, len(extra) if wanted else None, message="; ".join(parts) or None, values=shown
    )


def _of_rows(check: multicolumn.OfColumns | multicolumn.OfPair, cells: Cells) -> Outcome:
    rows = list(zip(*(cells.columns[name] for name in check.columns()), strict=True))
    judged = [
        (number, row)
        for number, row in zip(cells.rows, rows, strict=True)
        if not _ignored([value is None for value in row], check.ignore_row_if)
    ]
    keys = Counter(tuple(map(_key, row)) for _, row in judged)
    match check:
        case multicolumn.CompoundColumnsToBeUnique():
            bad = [one for one in judged if keys[tuple(map(_key, one[1]))] > 1]
        case multicolumn.SelectColumnValuesToBeUniqueWithinRecord():
            bad = [one for one in judged if len(set(map(_key, one[1]))) < len(one[1])]
        case multicolumn.MulticolumnValuesToBeEqual():
            bad = [one for one in judged if len(set(map(_key, one[1]))) > 1]
        case multicolumn.ColumnPairValuesToBeEqual():
            bad = [one for one in judged if None in one[1] or _key(one[1][0]) != _key(one[1][1])]
        case multicolumn.ColumnPairValuesToBeInSet():
            pairs = {tuple(map(_key, pair)) for pair in check.value_pairs_set}
            bad = [one for one in judged if tuple(map(_key, one[1])) not in pairs]
        case multicolumn.ColumnPairValuesAToBeGreaterThanB():
            bad = [one for one in judged if not _greater(*one[1], or_equal=check.or_equal)]
        case _:
            return failed(_several(cells))
    return _counted(judged, bad, check.mostly, cells)


def _ignored(missing: Sequence[bool], rule: str) -> bool:
    if rule in ("all_values_are_missing", "both_values_are_missing"):
        return all(missing)
    return rule in ("any_value_is_missing", "either_value_is_missing") and any(missing)


def _greater(a: Any, b: Any, *, or_equal: bool) -> bool:
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return False
    try:
        return bool(a >= b if or_equal else a > b)
    except TypeError:
        return False


def _key(value: Any) -> tuple[bool, Any]:
    """Return what makes a value: 1 and 1.0 are one, True is another."""
    try:
        hash(value)
    except TypeError:
        value = repr(value)
    return isinstance(value, bool), value


def _value(key: Any) -> Any:
    return key[1]


def _is(value: Any, type_: str) -> bool:
    if type_ in _PYTHON:
        return isinstance(value, _PYTHON[type_])
    if isinstance(value, bool):
        return False
    return (
        isinstance(value, int) if "int" in type_ else type_.startswith("float") and isinstance(value, float)
    )


def _within(value: Any, bounds: Bounds) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return bounds.hold(value)
    except TypeError:
        return False


def _matching(texts: list[str], check: text.OfPattern) -> dict[str, bool]:
    """Return which texts pass: RE2 matches them, in linear time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pa.array(texts, pa.string())
    found = [pc.match_substring_regex(array, regex).to_pylist() for regex in expressions(check)]
    rule = must_match(check)
    passing = [
        not any(row) if rule is None else all(row) if rule == "all" else any(row)
        for row in zip(*found, strict=True)
    ]
    return dict(zip(texts, passing, strict=True))
