"""Cheap ways to the same result: bits for integers, a file's bounds and dictionaries; and what bounds do not tell."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc.runtime.checks import validate, validate_table

TYPES = {
    pa.int8(): (-128, 127),
    pa.uint8(): (0, 255),
    pa.int16(): (-(2**15), 2**15 - 1),
    pa.int32(): (-(2**31), 2**31 - 1),
    pa.int64(): (-(2**63), 2**63 - 1),
    pa.uint64(): (0, 2**64 - 1),
}
UNIQUE = {"expect": "column_values_to_be_unique", "column": "x"}
DIFFERENT = {"expect": "column_unique_value_count_to_be_between", "column": "x", "min_value": 0}


@st.composite
def integers(draw: st.DrawFn) -> tuple[pa.DataType, list[int | None]]:
    """Draw a type and values of it: near each other, near a limit of the type, or anywhere."""
    kind = draw(st.sampled_from(list(TYPES)))
    low, high = TYPES[kind]
    start = draw(st.sampled_from([low, high - 20, max(low, -5)]))
    near = st.integers(start, min(start + 20, high))
    value = draw(st.sampled_from([near, st.integers(low, high)]))
    return kind, draw(st.lists(st.none() | value, max_size=30, unique=draw(st.booleans())))


@given(integers())
@settings(max_examples=60, deadline=None)
def test_integers_by_bits(drawn: tuple[pa.DataType, list[int | None]]) -> None:
    kind, values = drawn
    unique, different = validate_table(
        pa.table({"x": pa.array(values, kind)}), checks=[UNIQUE, DIFFERENT]
    ).results
    there = [value for value in values if value is not None]
    often = [value for value in there if there.count(value) > 1]
    assert (unique.passed, unique.unexpected_count) == (not often, len(often))
    assert different.observed == len(set(there))


@given(
    numbers=st.lists(st.none() | st.integers(-9, 9), min_size=1, max_size=40),
    low=st.integers(-9, 9),
    members=st.lists(st.integers(-9, 9), min_size=1, max_size=4),
    condition=st.sampled_from([None, "x > 0", "t = 'a'"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_seeking_in_a_file_finds_what_a_scan_finds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    numbers: list[int | None],
    low: int,
    members: list[int],
    condition: str | None,
) -> None:
    texts = [None if number is None else "abc"[number % 3] for number in numbers]
    table = pa.table({"x": pa.array(numbers, pa.int64()), "t": pa.array(texts, pa.string())})
    path = tmp_path / "table.parquet"
    pq.write_table(table, path, row_group_size=7)
    aside = {} if condition is None else {"where": condition}
    checks: list[dict[str, Any]] = [
        {
            "expect": "column_values_to_be_between",
            "column": "x",
            "min_value": low,
            "max_value": low + 3,
            **aside,
        },
        {"expect": "column_values_to_be_in_set", "column": "x", "value_set": members, **aside},
        {"expect": "column_values_to_not_be_in_set", "column": "t", "value_set": ["a", "z"], **aside},
        {"expect": "column_values_to_be_between", "column": "t", "min_value": "b", **aside},
    ]
    monkeypatch.setattr(validate, "SEEK_ROWS", 0)
    monkeypatch.setattr(validate, "SEEK_ROWS_PER_COLUMN", 0)
    assert validate_table(path, checks=checks).document() == validate_table(table, checks=checks).document()


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_nan_in_a_file_whose_bounds_do_not_tell_of_it(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "nan.parquet"
    pq.write_table(pa.table({"x": pa.array([1.0, np.nan, 2.0], kind, from_pandas=False)}), path)
    filled, highest, within, median, chosen = validate_table(
        path,
        checks=[
            {"expect": "column_values_to_not_be_null", "column": "x"},
            {"expect": "column_max_to_be_between", "column": "x", "max_value": 5},
            {"expect": "column_values_to_be_between", "column": "x", "min_value": 0, "max_value": 5},
            {"expect": "column_median_to_be_between", "column": "x", "min_value": 1.5, "max_value": 1.5},
            {"expect": "column_values_to_not_be_null", "column": "x", "where": "x is null"},
        ],
    ).results
    assert (filled.unexpected_count, filled.unexpected_rows) == (1, (2,))
    assert highest.observed == 2
    assert (within.passed, within.unexpected_count) == (True, 0)
    assert median.passed
    assert chosen.unexpected_count == 1
