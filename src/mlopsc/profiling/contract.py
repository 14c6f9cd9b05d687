"""A contract from a profile: what may be demanded of a column without crying wolf at the next new value.

Ranges get a quarter of their width as slack on either side, and round bounds. A set of values is closed only when each
of them is frequent enough that a further one would have shown.
"""

from math import ceil, floor, log10
from typing import Any

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.names import globe, names_identifier, names_year
from mlopsc.vocabulary.columns import FLOATS, Column, is_integer, is_numeric

ENOUGH = 100
"""Rows from which on that nothing is null says something."""
_SETTLED, _SMALL = 5, 12
_SLACK = 0.25
_FARTHEST = 1e300


def propose(one: ColumnProfile, *, required: bool = False, growing: bool = False) -> Column:
    """Return what a contract may say of a column.

    `required` makes it refuse nulls, where the profile has none, however few the rows. `growing` says that some values
    came late, so that others may follow: no set is closed then. Identifiers get no range.
    """
    told: dict[str, Any] = {"type": one.type}
    if not one.nulls and (required or one.rows >= ENOUGH):
        told["nullable"] = False
    if one.type == "nested" or not one.filled:
        return Column(**told)
    if not growing and (values := _closed_set(one)) is not None:
        told["allowed"] = values
    elif is_numeric(one.type) and not one.infinite and not _identifies(one):
        low, high = bounds(one, growing=growing)
        told |= {key: value for key, value in (("min", low), ("max", high)) if value is not None}
    return Column(**told)


def _identifies(one: ColumnProfile) -> bool:
    return names_identifier(one.name) or (one.unique and is_integer(one.type))


def _closed_set(one: ColumnProfile) -> tuple[Any, ...] | None:
    """Return all values of a small set that seems complete: texts, or the whole numbers 0 and 1."""
    if (
        one.values is None
        or not 1 < len(one.values) <= _SMALL
        or min(count for _, count in one.values) < _SETTLED
    ):
        return None
    values = tuple(sorted(value for value, _ in one.values))
    if one.type == "string" or (is_integer(one.type) and values == (0, 1) and not names_year(one.name)):
        return values
    return None


def bounds(one: ColumnProfile, *, growing: bool = False) -> tuple[float | int | None, float | int | None]:
    """Return round bounds around a range of numbers, with slack; None on a side that stays open."""
    low, high = float(one.low), float(one.high)
    if names_year(one.name):
        return floor(low) // 10 * 10, None
    if (angle := globe(one.name)) is not None and -angle <= low and high <= angle:
        return round_number(-angle), round_number(angle)
    if not growing and is_integer(one.type) and _every_whole_number(one):
        return round_number(low), round_number(high)
    if one.type in FLOATS and low >= 0 and 0.8 <= high <= 1:
        return 0, 1
    span = high - low
    if span > _FARTHEST or max(-low, high) > _FARTHEST:
        return None, None  # slack would lead beyond what a float can be
    if not span:
        return (0 if low >= 0 else None), None
    step = 5 * 10 ** (floor(log10(span)) - 1)
    least, most = low - _SLACK * span, high + _SLACK * span
    floor_ = 0.0 if low >= 0 and (least < 0 or low <= span) else _rounded(floor(least / step) * step)
    return round_number(floor_), round_number(_rounded(ceil(most / step) * step))


def _every_whole_number(one: ColumnProfile) -> bool:
    """Say whether a small range is used up: months, hours, weekdays, grades."""
    return (
        one.values is not None
        and 2 < len(one.values) <= 31
        and one.high - one.low + 1 == len(one.values)
        and one.low in (0, 1)
        and one.filled >= 20 * len(one.values)
    )


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


def round_number(value: float) -> float | int:
    """Return a bound as the spec shall write it: whole where it is whole."""
    return int(value) if float(value).is_integer() else value


def least_rows(rows: int) -> int:
    """Return about half of the rows, rounded down to one or two digits: fewer would be a cut-off export."""
    half = rows // 2
    if half < 10:
        return 1
    step = 5 * 10 ** (len(str(half)) - 2)
    return half // step * step if half >= step else half
