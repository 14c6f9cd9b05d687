"""What a measure is."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from mlopsc.runtime.checks.outcome import Bounds, Outcome, Values, failed
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.columns import from_duckdb

ROW = "__r"
"""The column of a table's source that numbers its rows, from 1."""

Needs = Mapping[str, exp.Expr]
"""Name → an aggregate over the table, whose value is sent; or a query of its own, whose rows are."""

Measure = Generator[Needs, Values, Outcome]
"""Yields what it needs, is sent it by the same names, returns its outcome. One scan serves all that wait."""


@dataclass(frozen=True)
class Table:
    """What is checked: the rows that a check looks at, in which NaN is null."""

    source: exp.Expr
    """A query of these rows, each with its number."""
    plain: exp.Expr
    """The same rows without numbers."""
    kinds: Mapping[str, str]
    """Column → DuckDB's type."""
    predicate: Callable[[Callable[[str], bool]], str]
    """Registers a function of a text, and returns the name under which SQL calls it."""
    others: Mapping[str, exp.Expr] = field(default_factory=dict)
    """Other dataset → its rows."""
    locked_rows: int | None = None
    """How many rows `mlops.lock` recorded."""
    bits: bool = True
    """Whether the engine can count different integers by a bit for each."""
    seeks: bool = False
    """Whether it is worth a query of its own to seek values by a condition: large files hold bounds and dictionaries,
    by which most of a column need not be read."""

    def type_of(self, column: str) -> str:
        """Return the type of a column that exists."""
        return from_duckdb(self.kinds[column])

    def misfit(self, check: BaseCheck) -> str | None:
        """Return why a check cannot judge its columns, None where it can."""
        several = len(check.columns()) > 1
        for name in check.columns():
            if wanted := check.misfit(self.type_of(name)):
                subject = f"column {name!r}" if several else "the column"
                return f"{subject} is {self.type_of(name)}, expected {wanted}"
        return None


def bounds_of(check: Any) -> Bounds:
    """Return the bounds that a check declares."""
    return Bounds(check.min_value, check.max_value, check.strict_min, check.strict_max)


def at_once(outcome: Outcome) -> Measure:
    """Return an outcome that needs no data."""
    return outcome
    yield {}


def refused(message: str) -> Measure:
    """Return a failure that needs no data."""
    return at_once(failed(message))


def any_of(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """Return the condition that any of several holds."""
    return exp.paren(exp.or_(*conditions, copy=False), copy=False)


def all_of(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """Return the condition that all of several hold."""
    return exp.paren(exp.and_(*conditions, copy=False), copy=False)
