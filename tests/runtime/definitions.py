"""The definitions of the join at a point in time and of window aggregates, row by row: what statements must equal."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """Times are whole numbers; rows have `keys`, `t` and, where the rules name them, further columns."""

    keys: Sequence[str] = ("k",)
    ttl: int | None = None
    created: str | None = None
    tie_break: Sequence[str] = ()
    known_at: str | None = None
    available_after: int = 0

    def meets(self, row: Row, label: Row) -> bool:
        """Say whether a row has a label's keys and is known at its time."""
        if label["t"] is None or row["t"] is None:
            return False
        if any(absent(row[key]) or absent(label[key]) or row[key] != label[key] for key in self.keys):
            return False
        if self.known_at is not None and (row[self.known_at] is None or row[self.known_at] > label["t"]):
            return False
        return bool(row["t"] + self.available_after <= label["t"])

    def rank(self, row: Row, place: int) -> tuple[Any, ...]:
        """Return what rows of a key are ordered by, the latest last."""
        ties = [row[name] for name in (*filter(None, [self.created]), *self.tie_break)]
        return (row["t"], *((value is not None, 0 if value is None else value) for value in ties), place)


def absent(value: Any) -> bool:
    """Say whether a value is null or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def joined(label: Row, rows: Sequence[Row], rules: Rules) -> Row | None:
    """Return the row that joins a label."""
    candidates = [
        (rules.rank(row, place), row)
        for place, row in enumerate(rows)
        if rules.meets(row, label) and (rules.ttl is None or label["t"] - row["t"] <= rules.ttl)
    ]
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else None


def aggregated(
    function: str,
    column: str | None,
    window: int,
    label: Row,
    rows: Sequence[Row],
    rules: Rules,
    quantile: float | None = None,
) -> Any:
    """Return an aggregate of the rows in `(t - window, t]` of a label; times shifted by `available_after`."""
    inside = [
        (rules.rank(row, place), row)
        for place, row in enumerate(rows)
        if rules.meets(row, label) and row["t"] + rules.available_after > label["t"] - window
    ]
    ordered = [row for _, row in sorted(inside, key=lambda pair: pair[0])]
    if column is None:
        return len(ordered)
    values = [row[column] for row in ordered if not absent(row[column])]
    match function:
        case "count":
            return len(values)
        case "count_distinct":
            return len(set(values))
        case _ if not values:
            return None
        case "first":
            return values[0]
        case "last":
            return values[-1]
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "sum":
            return _number(sum(map(Fraction, values)), values)
        case "mean":
            return float(sum(map(Fraction, values)) / len(values))
        case "stddev":
            return statistics.stdev(map(float, values)) if len(values) > 1 else None
        case "quantile":
            assert quantile is not None
            return _quantile(sorted(map(float, values)), quantile)
    raise AssertionError(function)


def _number(total: Fraction, values: Sequence[Any]) -> Any:
    return int(total) if all(isinstance(value, int) for value in values) else float(total)


def _quantile(values: Sequence[float], share: float) -> float:
    at = share * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)
