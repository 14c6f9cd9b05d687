"""What checks found: one result for each, and the report as JSON."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from mlopsc.vocabulary.contract import OnFailure
from mlopsc.vocabulary.time import format_timestamp


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check."""

    check: str
    """Its name, as `expect` has it."""
    column: str | None
    """The column, or the columns with commas; None for a check of the table."""
    passed: bool
    on_failure: OnFailure
    """What its failure comes to."""
    observed: Any = None
    """An aggregate's value; of a check of values the share that passes, None where there are none."""
    unexpected_count: int | None = None
    """How many values or rows did not pass; None for aggregates."""
    unexpected_sample: tuple[Any, ...] = ()
    """The first of these, at most 20, in the order of the table."""
    unexpected_rows: tuple[int, ...] = ()
    """Which rows of the table these are, counted from 1; empty where a check is not about rows of the table."""
    unexpected_keys: tuple[Mapping[str, Any], ...] = ()
    """The primary keys of these rows, column → value; empty where none is declared."""
    message: str | None = None
    """Why it failed, where the figures do not say it."""
    wanted: str = ""
    """What it wants, in the words of its keys: `≥ 3000 and ≤ 6000`; empty where its name says it all."""
    name: str | None = None
    """What the declaration calls it."""
    declared: tuple[str | int, ...] = ()
    """Where the dataset declares it: `("checks", 0)`, `("columns", "age", "min")`, `("primary_key",)`."""


@dataclass(frozen=True)
class ValidationReport:
    """The results of all checks of a table, in the order of their declaration."""

    results: tuple[CheckResult, ...]
    rows: int

    @property
    def passed(self) -> bool:
        """Whether no check that blocks failed."""
        return all(result.passed for result in self.results if result.on_failure == "block")

    def failed(self, effect: OnFailure) -> tuple[CheckResult, ...]:
        """Return the failed checks whose failure comes to `effect`."""
        return tuple(one for one in self.results if one.on_failure == effect and not one.passed)

    def document(self) -> dict[str, Any]:
        """Return the report as JSON values; times are texts, and infinite numbers `Infinity`, `-Infinity`, `NaN`."""
        return {
            "passed": self.passed,
            "rows": self.rows,
            "results": [
                {
                    "check": result.check,
                    "column": result.column,
                    "passed": result.passed,
                    "on_failure": result.on_failure,
                    "declared": list(result.declared),
                    "wanted": result.wanted,
                    "observed": _json(result.observed),
                    "unexpected_count": result.unexpected_count,
                    "unexpected_share": _share(result.unexpected_count, self.rows),
                    "unexpected_sample": _json(result.unexpected_sample),
                    "unexpected_rows": list(result.unexpected_rows),
                    "unexpected_keys": _json(result.unexpected_keys),
                    "message": result.message,
                    "name": result.name,
                }
                for result in self.results
            ],
        }


def _share(count: int | None, rows: int) -> float | None:
    """Return which share of all rows is unexpected."""
    return None if count is None or not rows else min(count / rows, 1.0)


def _json(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case float():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else str(value)
        case datetime():
            return format_timestamp(value)
        case date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): _json(item) for key, item in value.items()}
        case list() | tuple():
            return [_json(item) for item in value]
        case _:
            return str(value)
