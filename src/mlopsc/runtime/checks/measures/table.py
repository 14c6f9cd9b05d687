"""Measures of the table: its rows and columns."""

from itertools import zip_longest

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table, at_once, bounds_of, refused
from mlopsc.runtime.checks.outcome import Bounds, Outcome, absent
from mlopsc.runtime.engine.statement import fragment, select
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import table as c


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.TableRowCountToBeBetween():
            return _row_count(bounds_of(check))
        case c.TableRowCountToEqual():
            return _row_count(Bounds(check.value, check.value, False, False))
        case c.TableRowCountToEqualOtherTable():
            return _other_count(check, table)
        case c.TableColumnCountToBeBetween():
            return at_once(_counted(bounds_of(check), len(table.kinds)))
        case c.TableColumnCountToEqual():
            return at_once(_counted(Bounds(check.value, check.value, False, False), len(table.kinds)))
        case c.TableColumnsToMatchOrderedList():
            return at_once(_column_list(check, list(table.kinds)))
        case c.TableColumnsToMatchSet():
            return at_once(_column_set(check, list(table.kinds)))
        case c.ColumnToExist():
            return at_once(_position(check, list(table.kinds)))
        case _:
            raise AssertionError(check.expect)


def _row_count(bounds: Bounds) -> Measure:
    row = yield {"rows": fragment("count(*)")}
    return _counted(bounds, row["rows"])


def _counted(bounds: Bounds, count: int) -> Outcome:
    return Outcome(bounds.hold(count), count)


def _other_count(check: c.TableRowCountToEqualOtherTable, table: Table) -> Measure:
    if check.other_table_name not in table.others:
        return refused(f"the table {check.other_table_name!r} is not at hand")
    return _compared_counts(table.others[check.other_table_name])


def _compared_counts(other: exp.Expr) -> Measure:
    row = yield {
        "rows": fragment("count(*)"),
        "other": select(fragment("count(*)"), source=other),
    }
    theirs = row["other"][0][0]
    return Outcome(row["rows"] == theirs, {"self": row["rows"], "other": theirs})


def _column_list(check: c.TableColumnsToMatchOrderedList, present: list[str]) -> Outcome:
    pairs = enumerate(zip_longest(check.column_list, present))
    wrong = [
        f"{i}: expected {wanted or 'none'}, found {found or 'none'}"
        for i, (wanted, found) in pairs
        if wanted != found
    ]
    return Outcome(not wrong, present, message="; ".join(wrong) or None)


def _column_set(check: c.TableColumnsToMatchSet, present: list[str]) -> Outcome:
    missing = [name for name in check.column_set if name not in present]
    extra = [name for name in present if name not in check.column_set] if check.exact_match else []
    parts = [("missing", missing), ("not expected", extra)]
    words = [f"{label}: {', '.join(names)}" for label, names in parts if names]
    return Outcome(not words, present, message="; ".join(words) or None)


def _position(check: c.ColumnToExist, present: list[str]) -> Outcome:
    if check.column not in present:
        return absent(check.column, present)
    index = present.index(check.column)
    return Outcome(check.column_index in (None, index), index)
