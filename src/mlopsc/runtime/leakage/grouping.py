"""The values of a column as whole numbers, and in groups large enough to say something."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
BINS, BIN = 64, 20
"""Most groups of an ordered column, and the fewest rows of one on average."""


@dataclass(frozen=True)
class Coded:
    """A column's values, by their rank among its different values; -1 is null or NaN."""

    codes: Numbers
    ordered: bool
    """Whether the order of the values means something: numbers and times, not text."""

    @property
    def filled(self) -> Mask:
        """Which rows have a value."""
        return np.asarray(self.codes >= 0)

    def groups(self, rows: Mask) -> Numbers:
        """Return a group for each of the chosen filled rows: a value, or of many ordered values a quantile."""
        codes = _dense(self.codes[rows])
        counts = np.bincount(codes)
        bins = max(1, min(BINS, len(codes) // BIN))
        if not self.ordered or len(counts) <= bins:
            return codes
        middle = 2 * np.cumsum(counts) - counts
        return np.asarray((middle * bins // (2 * len(codes)))[codes], dtype=np.int64)


def coded(column: pa.ChunkedArray) -> Coded | None:
    """Return a column's codes, None for a type that has no plain values (lists, structs, bytes)."""
    type_ = column.type
    if pa.types.is_dictionary(type_):
        column = column.cast(type_.value_type)
        type_ = column.type
    if pa.types.is_null(type_):
        return Coded(np.full(len(column), -1, dtype=np.int64), ordered=False)
    if pa.types.is_floating(type_):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, type_), column)
    ordered = any(
        belongs(type_) for belongs in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    ) or pa.types.is_temporal(type_)
    text = any(
        belongs(type_) for belongs in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )
    if not ordered and not text and not pa.types.is_boolean(type_):
        return None
    if pa.types.is_string_view(type_):
        column = column.cast(pa.string())
    encoded: Any = column.combine_chunks().dictionary_encode()
    order = np.asarray(pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    return Coded(rank[np.asarray(encoded.indices.fill_null(-1))], ordered)


def _dense(codes: Numbers) -> Numbers:
    """Return codes without the numbers that none has, in the same order."""
    used = np.bincount(codes) > 0
    return np.asarray((np.cumsum(used) - 1)[codes], dtype=np.int64)
