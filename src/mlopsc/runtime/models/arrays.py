"""Arrays in a model file, of NumPy's format: one that claims more than it holds is refused before memory is taken."""

from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

_LARGEST_HEADER = 10_000  # NumPy reads no longer one from what it does not trust
_KEPT = 256
_PREFIX = 6 + 2 + 2
"""Bytes of the magic string, of the version, and of the header's length in version 1.0, which NumPy writes for every
header of this length."""


def read_array(content: bytes) -> npt.NDArray[Any]:
    """Return the array of a `.npy` file's bytes, which cannot be written to.

    Raises ValueError for what is no such file, for objects, and for one that does not hold what its header claims.
    """
    begin = _end_of_header(content)
    shape, fortran_order, dtype = _header(content[:begin])
    size = dtype.itemsize
    for length in shape:
        size *= length
    if dtype.hasobject or not dtype.itemsize or size != len(content) - begin:
        raise ValueError("it does not hold the array that it claims")
    if not size:
        return np.empty(shape, dtype)
    flat: npt.NDArray[Any] = np.frombuffer(content, dtype, offset=begin)
    return flat.reshape(shape, order="F" if fortran_order else "C")


def _end_of_header(content: bytes) -> int:
    end = _PREFIX + int.from_bytes(content[_PREFIX - 2 : _PREFIX], "little")
    if len(content) < end or end > _LARGEST_HEADER:
        raise ValueError("its header is cut off")
    return end


@lru_cache(_KEPT)
def _header(data: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and type of a header: the arrays of a model have few different ones, and each takes NumPy
    longer to read than the array behind it."""
    buffer = BytesIO(data)
    version = np.lib.format.read_magic(buffer)
    if version != (1, 0):
        raise ValueError(f"version {version} of the format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(buffer)
    return tuple(shape), bool(fortran_order), dtype
