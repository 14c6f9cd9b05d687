"""What a measure is."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mlopsc.runtime.checks.outcome import Bounds, Outcome, Values
from mlopsc.vocabulary.columns import from_duckdb

ROW = "__r"
"""The column of a table's source that numbers its rows, from 1."""

Needs = Mapping[str, exp.Expr]
"""Name → an aggregate over the table, whose value is sent; or a query of its own, whose rows are."""

Measure = Generator[Needs, Values, Outcome]
"""Yields what it needs, is sent it by the same names, returns its outcome. One scan serves all that wait."""


@dataclass(frozen=True)
class Table:
    """What is checked: an expression that can be selected from, in which NaN is null, and its columns' types."""

    source: exp.Expr
    kinds: Mapping[str, str]
    """Column → DuckDB's type."""

    def type_of(self, column: str) -> str:
        """Return the type of a column that exists."""
        return from_duckdb(self.kinds[column])


def bounds_of(check: Any) -> Bounds:
    """Return the bounds that a check declares."""
    return Bounds(check.min_value, check.max_value, check.strict_min, check.strict_max)


def at_once(outcome: Outcome) -> Measure:
    """Return an outcome that needs no data."""
    return outcome
    yield {}
