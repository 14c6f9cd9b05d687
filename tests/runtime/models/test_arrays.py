"""Arrays of a model file are read as NumPy wrote them, and no other way."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from mlopsc.runtime.models.arrays import read_array


def written(array: Any) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


TYPES = arrays.scalar_dtypes() | arrays.unicode_string_dtypes() | arrays.byte_string_dtypes()


@given(arrays.arrays(TYPES, arrays.array_shapes(min_dims=0, min_side=0)))
def test_what_was_written_is_read(array: Any) -> None:
    data = written(array)
    expected = np.load(BytesIO(data), allow_pickle=False)
    found = read_array(data)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes()


def test_records_are_read() -> None:
    nodes = np.array(
        [(1.5, 2, True), (0.0, 255, False)], dtype=[("value", "<f8"), ("left", "u1"), ("leaf", "?")]
    )
    assert read_array(written(nodes)).tolist() == nodes.tolist()


def test_the_order_in_memory_is_kept() -> None:
    assert read_array(written(np.asfortranarray(np.arange(6).reshape(2, 3)))).tolist() == [
        [0, 1, 2],
        [3, 4, 5],
    ]


HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%s,), }"


def claiming(header: bytes, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        claiming(HEADER % b"2", bytes(8)),
        claiming(HEADER % b"2", bytes(24)),
        claiming(HEADER % b"1000000000000000", bytes(8)),
        claiming(HEADER % b"-1", bytes(8)),
        claiming(HEADER % b"-1, -1", bytes(8)),
        claiming(HEADER % b"1", bytes(8), b"\x02\x00"),
        claiming(HEADER % b"1", bytes(8), b"\x09\x00"),
        claiming(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", bytes(8)),
        claiming(b"{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000000,), }"),
        claiming(b"__import__('os').abort()"),
        claiming(HEADER % b"1" + b" " * 20_000, bytes(8)),
        written(np.arange(3))[:-1],
        b"PK" + written(np.arange(3))[2:],
    ],
)
def test_what_claims_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError) as refused:
        read_array(data)
    assert str(refused.value)
