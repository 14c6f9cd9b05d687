"""Sums of floats that do not depend on the order of the rows, and so not on threads.

A float is split into its whole part and 62 bits of its fraction; both are summed as integers, which is exact.
Numbers too large or too small for that are scaled by a power of two first, in a second pass.
"""

import math
from collections.abc import Generator, Mapping
from fractions import Fraction
from typing import Any

from sqlglot import exp

from mlopsc.runtime.engine.statement import fragment

Aggregates = Mapping[str, exp.Expr]
_BITS = 62
_LIMIT = 2.0**_BITS
_TINY = 2.0**-10

Sum = Generator[Aggregates, Mapping[str, Any], Fraction | float]
"""Yields aggregates, is sent their values, returns the sum: exact to 2**-72 of the largest addend for each."""


def exact_sum(value: exp.Expr) -> Sum:
    """Sum an expression of type `double` that holds no NaN; of infinities the sum is one, or NaN."""
    row = yield _aggregates(value)
    low, high = row["low"] or 0.0, row["high"] or 0.0
    if math.isinf(low) or math.isinf(high):
        return (low if math.isinf(low) else 0.0) + (high if math.isinf(high) else 0.0)
    peak = max(abs(low), abs(high))
    if peak == 0 or _TINY <= peak < _LIMIT:
        return _total(row)
    shift = _BITS - 2 - math.frexp(peak)[1]
    half = shift // 2
    scaled = fragment("$x * $a * $b", x=value, a=2.0**half, b=2.0 ** (shift - half))
    return _total((yield _aggregates(scaled))) / Fraction(2) ** shift


def as_float(number: Fraction) -> float:
    """Return the nearest float; beyond the largest it is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _aggregates(value: exp.Expr) -> Aggregates:
    near = fragment("case when abs($x) < $limit then $x end", x=value, limit=_LIMIT)
    return {
        "whole": fragment("sum(cast(trunc($x) as bigint))", x=near),
        "part": fragment("sum(cast(($x - trunc($x)) * $limit as bigint))", x=near, limit=_LIMIT),
        "low": fragment("min($x)", x=value),
        "high": fragment("max($x)", x=value),
    }


def _total(row: Mapping[str, Any]) -> Fraction:
    return Fraction(row["whole"] or 0) + Fraction(row["part"] or 0, 2**_BITS)
