"""What checks found: one result for each, and the report as JSON."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from mlopsc.vocabulary.checks import Severity
from mlopsc.vocabulary.time import format_timestamp


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check."""

    check: str
    """Its name, as `expect` has it."""
    column: str | None
    """The column, or the columns with commas; None for a check of the table."""
    passed: bool
    severity: Severity
    observed: Any = None
    """An aggregate's value; of a check of values the share that passes, None where there are none."""
    unexpected_count: int | None = None
    """How many values or rows did not pass; None for aggregates."""
    unexpected_sample: tuple[Any, ...] = ()
    """The first of these, at most 20, in the order of the table."""
    unexpected_rows: tuple[int, ...] = ()
    """Which rows of the table these are, counted from 1; empty where a check is not about rows of the table."""
    message: str | None = None
    """Why it failed, where the figures do not say it."""
    name: str | None = None
    """What the declaration calls it."""


@dataclass(frozen=True)
class ValidationReport:
    """The results of all checks of a table, in the order of their declaration."""

    results: tuple[CheckResult, ...]
    rows: int

    @property
    def passed(self) -> bool:
        """Whether no check of severity `error` failed."""
        return all(result.passed for result in self.results if result.severity == "error")

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
                    "severity": result.severity,
                    "observed": _json(result.observed),
                    "unexpected_count": result.unexpected_count,
                    "unexpected_sample": _json(result.unexpected_sample),
                    "unexpected_rows": list(result.unexpected_rows),
                    "message": result.message,
                    "name": result.name,
                }
                for result in self.results
            ],
        }


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
