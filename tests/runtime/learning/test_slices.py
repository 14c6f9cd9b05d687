"""Slices of a feature table: each row in exactly one of a division, null a slice of its own."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.slices import parts_of, value_codes
from mlopsc.vocabulary.evaluation import Slice


def write(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def slices(path, **given):
    return {part.label: part.rows.nonzero()[0].tolist() for part in parts_of(path, [Slice(**given)])}


def test_values_come_in_their_order_and_null_last(tmp_path):
    table = write(tmp_path / "t", sex=["m", None, "f", "m"], __aux__open=[True, False, None, True])
    assert slices(table, column="sex") == {"f": [2], "m": [0, 3], "null": [1]}
    assert slices(table, column="open") == {"false": [1], "true": [0, 3], "null": [2]}


def test_bins_begin_at_their_edge(tmp_path):
    table = write(tmp_path / "t", age=pa.array([24, 25, 39, 40, None, 60]))
    assert slices(table, column="age", bins=(25, 40)) == {
        "< 25": [0],
        "25 to < 40": [1, 2],
        "≥ 40": [3, 5],
        "null": [4],
    }


def test_quantiles_are_bins_of_about_equally_many_rows(tmp_path):
    table = write(tmp_path / "t", x=[float(i) for i in range(100)])
    assert [len(rows) for rows in slices(table, column="x", quantiles=4).values()] == [24, 25, 25, 26]


def test_quantiles_of_few_values_are_fewer_bins(tmp_path):
    table = write(tmp_path / "t", x=[1.0, 1.0, 1.0, 2.0], none=pa.array([None] * 4, pa.float64()))
    assert slices(table, column="x", quantiles=4) == {"all": [0, 1, 2, 3]}
    assert slices(table, column="none", quantiles=4) == {"null": [0, 1, 2, 3]}


def test_combinations_are_those_that_there_are(tmp_path):
    table = write(tmp_path / "t", sex=["m", "f", "m", "f"], race=["a", None, "b", "a"])
    assert slices(table, columns=("sex", "race")) == {"f, a": [3], "f, null": [1], "m, a": [0], "m, b": [2]}


def test_groups_are_told_apart_however_many_and_whatever_they_are_called(tmp_path):
    many = write(tmp_path / "many", shop=[f"shop {n % 120}" for n in range(600)])
    assert len(set(value_codes(many, ["shop"])[0].tolist())) == 120
    odd = write(tmp_path / "odd", a=["null", None, "x & y", "x"], b=["z", "z", "z", "y & z"])
    codes, names = value_codes(odd, ["a", "b"], " & ")
    assert len(set(codes.tolist())) == len(set(names)) == 4
    assert [names[code] for code in codes[:2]] == ["'null' & 'z'", "null & 'z'"]


def test_a_condition_is_computed_over_features_and_columns_that_are_none(tmp_path):
    table = write(tmp_path / "t", age=[20, 20, 50, None], __aux__sex=["f", "m", "f", "f"])
    found = slices(table, name="young_women", sql="age < 30 and sex = 'f'")
    assert found == {"false": [1, 2], "true": [0], "null": [3]}


def test_a_statement_is_no_condition(tmp_path):
    table = write(tmp_path / "t", age=[20])
    with pytest.raises(StepFailed, match="slices 'x'"):
        slices(table, name="x", sql="age) from t; drop table t; select (1")


def test_of_many_values_the_commonest_are_slices(tmp_path):
    table = write(tmp_path / "t", x=[str(i % 60) for i in range(300)] + ["7"])
    found = slices(table, column="x")
    assert len(found) == 51
    assert len(found["7"]) == 6
    assert len(found["10 other values"]) == 50


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"column": "y"}, "column 'y' is not in the table"),
        ({"column": "x", "quantiles": 2}, "slices 'x' are bins of a string: expected numbers"),
    ],
)
def test_a_column_that_does_not_suit_is_named(tmp_path, given, said):
    with pytest.raises(StepFailed, match=said):
        slices(write(tmp_path / "t", x=["a"]), **given)


@given(st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=20), st.integers(2, 5))
def test_every_row_is_in_one_slice(tmp_path_factory, values, parts):
    numbers = [None if value is None else float(len(value) + i % 3) for i, value in enumerate(values)]
    table = write(
        tmp_path_factory.mktemp("s") / "t", x=pa.array(values, pa.string()), n=pa.array(numbers, pa.float64())
    )
    for given_ in ({"column": "x"}, {"columns": ("x", "n")}, {"column": "n", "quantiles": parts}):
        rows = sorted(row for part in slices(table, **given_).values() for row in part)
        assert rows == list(range(len(values)))


def test_equal_values_have_equal_codes(tmp_path):
    table = write(tmp_path / "t", __aux__shop=["x", None, "x", None, "y"])
    codes = value_codes(table, ["shop"])[0].tolist()
    assert codes == [0, 2, 0, 2, 1]
