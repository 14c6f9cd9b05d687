"""Keys and times of rows in one whole number each, which sorts several times faster than rows do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Numbers = np.ndarray[Any, np.dtype[np.int64]]

_LAST = 2**63 - 1
_UNITS = (1_000_000, 1000, 1)
_BLOCK = 65_536
"""Rows at a time: what is made of them in between stays in the processor's cache."""


@dataclass(frozen=True)
class Grid:
    """How keys and times go into a number: the keys' code times `times`, and the time in units since the first."""

    keys: tuple[tuple[int, int], ...]
    """The least of each key, which counts as 0, and how many follow."""
    first: int
    """The earliest time, in microseconds."""
    unit: int
    """All times are a multiple of it later than the first, in microseconds."""
    times: int

    @property
    def size(self) -> int:
        """All stamps are less."""
        return self.times * prod(size for _, size in self.keys)

    def codes(self, keys: Sequence["Numbers"]) -> "Numbers":
        """Return a number for each row's keys; -1 for those that are not within the grid."""
        import numpy as np

        code = np.zeros(len(keys[0]), dtype=np.int64)
        outside = np.zeros(len(code), dtype=bool)
        for values, (least, size) in zip(keys, self.keys, strict=True):
            outside |= (values < least) | (values > least + size - 1)
            code *= size
            code += np.where(outside, 0, values - least)
        code[outside] = -1
        return code

    def seen(self, times: "Numbers") -> "Numbers":
        """Return the last unit that is not after each time; -1 where there is none."""
        import numpy as np

        last = self.first + self.unit * (self.times - 1)
        clipped: Numbers = (np.clip(times, self.first - self.unit, last) - self.first) // self.unit
        return clipped

    def over(self, times: "Numbers") -> "Grid | None":
        """Return the grid of the same keys for other times; None when 63 bits are too few."""
        first, last = int(times.min()), int(times.max())
        unit = next(unit for unit in _UNITS if not ((times - first) % unit).any())
        grid = Grid(self.keys, first, unit, (last - first) // unit + 1)
        return grid if grid.size <= _LAST else None

    def time(self, stamps: "Numbers") -> "Numbers":
        """Return the times of stamps, in microseconds."""
        return stamps % self.times * self.unit + self.first


def sorted_rows(table: "pa.Table", keys: int) -> "tuple[Grid, Numbers, Numbers] | None":
    """Return the grid of a table's columns `k0`… and `t`, its stamps in order, and the rows in that order.

    Equal ones stay as they stood. The table has rows and no nulls; None when 63 bits are too few.
    """
    names = [f"k{i}" for i in range(keys)]
    ends = {name: _ends(table.column(name)) for name in [*names, "t"]}
    ranges = tuple((low, high - low + 1) for low, high in (ends[name] for name in names))
    first, last = ends["t"]
    for unit in _UNITS:
        grid = Grid(ranges, first, unit, (last - first) // unit + 1)
        if grid.size > _LAST:
            return None
        bits = table.num_rows.bit_length()
        packed = grid.size << bits <= _LAST
        stamps = _stamped(table, names, grid, bits if packed else 0)
        if stamps is not None:
            return grid, *(_unpacked(stamps, bits) if packed else _argsorted(stamps))
    raise AssertionError


def sort(stamps: "Numbers", size: int) -> "tuple[Numbers, Numbers]":
    """Return stamps less than `size` in order, and where each one stood; equal ones stay as they stood."""
    import numpy as np

    bits = len(stamps).bit_length()
    if size << bits > _LAST:
        return _argsorted(stamps)
    return _unpacked((stamps << bits) | np.arange(len(stamps)), bits)


def settle(stamps: "Numbers", rows: "Numbers", by: "Numbers") -> None:
    """Order rows with equal stamps by their values in `by`, in place."""
    import numpy as np

    same = np.zeros(len(stamps) + 1, dtype=bool)
    same[1:-1] = stamps[1:] == stamps[:-1]
    tied = np.flatnonzero(same[1:] | same[:-1])
    chosen = rows[tied]
    rows[tied] = chosen[np.lexsort((by[chosen], stamps[tied]))]


def _ends(values: "pa.ChunkedArray") -> tuple[int, int]:
    parts = [chunk.to_numpy() for chunk in values.chunks if len(chunk)]
    return min(int(part.min()) for part in parts), max(int(part.max()) for part in parts)


def _stamped(table: "pa.Table", names: Sequence[str], grid: Grid, bits: int) -> "Numbers | None":
    """Return each row's stamp, with its place in `bits` below; None when times fall between the grid's units."""
    import numpy as np

    result = np.empty(table.num_rows, dtype=np.int64)
    for start, (*keys, time) in _blocks(table, [*names, "t"]):
        past = time - grid.first
        units = past // grid.unit if grid.unit > 1 else past
        if grid.unit > 1 and (units * grid.unit != past).any():
            return None
        stamp = result[start : start + len(time)]
        stamp[:] = 0
        for values, (least, size) in zip(keys, grid.keys, strict=True):
            stamp *= size
            stamp += values - least
        stamp *= grid.times
        stamp += units
        if bits:
            stamp <<= bits
            stamp |= np.arange(start, start + len(time))
    return result


def _blocks(table: "pa.Table", names: Sequence[str]) -> "Iterator[tuple[int, list[Numbers]]]":
    start = 0
    for batch in table.select(names).to_batches(max_chunksize=_BLOCK):
        yield start, [values.to_numpy() for values in batch.columns]
        start += batch.num_rows


def _unpacked(stamps: "Numbers", bits: int) -> "tuple[Numbers, Numbers]":
    stamps.sort()
    rows = stamps & ((1 << bits) - 1)
    stamps >>= bits
    return stamps, rows


def _argsorted(stamps: "Numbers") -> "tuple[Numbers, Numbers]":
    import numpy as np

    order = np.argsort(stamps, kind="stable")
    return stamps[order], order
