"""What the measuring of one check comes to, before it becomes a result."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.engine.statement import literal
from mlopsc.vocabulary.columns import fits, is_integer
from mlopsc.vocabulary.time import parse_timestamp


@dataclass(frozen=True)
class Outcome:
    """A verdict. The unexpected values are either at hand or come first from the query `sample`."""

    passed: bool
    observed: Any = None
    unexpected: int | None = None
    sample: exp.Expr | None = None
    message: str | None = None
    values: tuple[Any, ...] = ()
    rows: tuple[int, ...] = ()
    """Which rows `values` stand in, from 1, where they are at hand."""
    compared: bool = True
    """Whether there was something to compare with; where not, the failure is a warning whatever is declared."""


def failed(message: str, observed: Any = None) -> Outcome:
    """Return a failure that has its reason in words."""
    return Outcome(False, observed, message=message)


def absent(column: str, present: Iterable[str]) -> Outcome:
    """Return the failure of a check whose column the table lacks."""
    hint = did_you_mean(column, present, noun="the columns are")
    return failed(f"no column {column!r}" + (f"; {hint}" if hint else ""))


def by_share(
    total: int, unexpected: int, mostly: float, sample: Callable[[], exp.Expr] | None = None
) -> Outcome:
    """Judge values one by one: of no values all pass. `sample` makes the query of the unexpected ones."""
    if total == 0:
        return Outcome(True, None, unexpected)
    share = (total - unexpected) / total
    return Outcome(share >= mostly, share, unexpected, sample() if sample and unexpected else None)


@dataclass(frozen=True)
class Bounds:
    """The bounds of a check, as it declares them."""

    low: Any
    high: Any
    strict_low: bool
    strict_high: bool

    def hold(self, observed: Any) -> bool:
        """Say whether an aggregate lies within; one that is not there, or NaN, does not."""
        if observed is None or (isinstance(observed, float) and math.isnan(observed)):
            return False
        above = self.low is None or (observed > self.low if self.strict_low else observed >= self.low)
        below = self.high is None or (observed < self.high if self.strict_high else observed <= self.high)
        return bool(above and below)

    def typed(self, type_: str) -> "Bounds | str":
        """Return the bounds as Python values of a column's type, or why they are none."""
        values: list[Any] = []
        for bound in (self.low, self.high):
            if bound is None:
                values.append(None)
            elif comparable(bound, type_):
                values.append(python_value(bound, type_))
            else:
                return f"the column is {type_}, which cannot be compared with {bound!r}"
        return Bounds(values[0], values[1], self.strict_low, self.strict_high)


def comparable(value: Any, type_: str) -> bool:
    """Say whether a bound can be compared with values of a type."""
    if isinstance(value, bool):
        return type_ == "bool"
    return fits(value, type_) or (is_integer(type_) and isinstance(value, float))


def python_value(value: Any, type_: str) -> Any:
    """Return a value as a spec writes it in Python's form for the type."""
    if isinstance(value, str):
        if type_ == "timestamp":
            return parse_timestamp(value)
        if type_ == "date":
            return date.fromisoformat(value)
        if type_ == "time":
            return time.fromisoformat(value)
    return value


def sql_value(value: Any, type_: str) -> exp.Expr:
    """Return a value as a spec writes it in SQL's form for the type."""
    if isinstance(value, float) and not type_.startswith("float"):
        value = Decimal(repr(value))
    return literal(python_value(value, type_))


Values = Mapping[str, Any]
"""Aggregates' names → values."""
