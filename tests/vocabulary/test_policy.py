"""Quantities of a policy."""

import pytest

from mlopsc.vocabulary.policy import memory_bytes


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("0", 0), ("512", 512), ("1k", 1000), ("2M", 2_000_000), ("3Ki", 3072), ("1Ti", 2**40), ("4Gi", 2**32)],
)
def test_memory_is_written_as_kubernetes_writes_it(quantity, expected):
    assert memory_bytes(quantity) == expected
