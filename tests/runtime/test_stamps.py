"""Stamps order rows as keys and times do."""

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.runtime.stamps import settle, sort, sorted_rows

_UNIT = st.sampled_from([1, 1000, 1_000_000])
_WIDE = st.sampled_from([3, 2**20, 2**45, 2**62])


@given(data=st.data(), wide=st.tuples(_WIDE, _WIDE, _WIDE), unit=_UNIT, cut=st.integers(0, 12))
def test_rows_are_in_order_of_keys_then_time_then_place(data: Any, wide: Any, unit: int, cut: int) -> None:
    number = [st.integers(-one, one) for one in (wide[0] - 1, wide[1] - 1, (wide[2] - 1) // unit)]
    rows = data.draw(st.lists(st.tuples(*number), min_size=1, max_size=12))
    columns = dict(zip(["k0", "k1", "t"], map(list, zip(*rows, strict=True)), strict=True))
    columns["t"] = [time * unit for time in columns["t"]]
    table = pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})
    found = sorted_rows(pa.concat_tables([table.slice(0, cut), table.slice(cut)]), 2)
    spans = [max(values) - min(values) + 1 for values in columns.values()]
    if found is None:
        assert spans[0] * spans[1] * ((spans[2] - 1) // unit + 1) >= 2**63
        return
    grid, stamps, order = found
    expected = sorted(range(len(rows)), key=lambda place: (*rows[place], place))
    assert order.tolist() == expected
    assert grid.time(stamps).tolist() == [columns["t"][place] for place in expected]
    keys = [np.array(columns[name]) for name in ("k0", "k1")]
    assert (grid.codes(keys)[order] == stamps // grid.times).all()
    assert grid.codes([one + spans[i] for i, one in enumerate(keys)]).tolist() == [-1] * len(rows)


def test_keys_that_need_more_than_63_bits_are_left_to_the_engine() -> None:
    table = pa.table({"k0": [0, 3_074_457_345_618_258_602], "k1": [0, 2], "t": [0, 0]})
    assert sorted_rows(table, 2) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), max_size=12), st.sampled_from([4, 2**62]))
def test_equal_stamps_are_settled(rows: list[tuple[int, int]], size: int) -> None:
    values, by = (np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1))
    stamps, order = sort(values, size)
    assert order.tolist() == sorted(range(len(rows)), key=lambda place: (rows[place][0], place))
    settle(stamps, order, by)
    assert order.tolist() == sorted(range(len(rows)), key=lambda place: (*rows[place], place))


def test_a_time_between_units_is_seen_back_to_the_last() -> None:
    table = pa.table({"k0": [1, 1, 1], "t": [5_000_000, 8_000_000, 6_000_000]})
    found = sorted_rows(table, 1)
    assert found is not None
    grid = found[0]
    assert grid.unit == 1_000_000
    times = np.array([-(2**60), 4_999_999, 5_000_000, 6_999_999, 2**60])
    assert grid.seen(times).tolist() == [-1, -1, 0, 1, 3]
