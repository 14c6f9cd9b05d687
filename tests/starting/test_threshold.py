"""What a gate demands, given what a run measured."""

import pytest

from mlopsc.starting.draft import Measured
from mlopsc.starting.spec_text import threshold


@pytest.mark.parametrize(
    ("value", "rows", "least"),
    [
        (0.8423, 1409, 0.82),
        (0.8423, 100_000, 0.83),
        (1.0, 86, 0.94),  # few rows: a wide margin
        (0.9, 1_000_000, 0.89),  # and 0.01 at least
        (-0.0993, 366, -0.13),
    ],
)
def test_it_is_a_round_number_a_little_below(value, rows, least):
    assert threshold(Measured(value, rows)) == least
