"""Measures of the table: its rows and columns."""

from mlopsc.runtime.checks.measures.base import Measure, Table, at_once, bounds_of
from mlopsc.runtime.checks.outcome import Bounds, Outcome, absent
from mlopsc.runtime.engine.statement import fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import table as c


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.TableRowCountToBeBetween():
            return _row_count(bounds_of(check))
        case c.TableRowCountToEqual():
            return _row_count(Bounds(check.value, check.value, False, False))
        case c.TableColumnsToMatchSet():
            return at_once(_column_set(check, list(table.kinds)))
        case c.ColumnToExist():
            return at_once(_position(check, list(table.kinds)))
        case _:
            raise AssertionError(check.expect)


def _row_count(bounds: Bounds) -> Measure:
    row = yield {"rows": fragment("count(*)")}
    return Outcome(bounds.hold(row["rows"]), row["rows"])


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
