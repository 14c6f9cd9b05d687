"""Draws: settled by space, seed and number, spread as the space says."""

from collections import Counter
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy.stats import kstest
from sklearn.model_selection import ParameterGrid

from mlopsc.runtime.tuning.draws import drawn
from mlopsc.vocabulary.tuning import Space, grid, grid_size, listed

SPACE = TypeAdapter(Space)
LISTED = {
    "z": {"choice": ["a", None, 3]},
    "b": {"int": [1, 7], "step": 3},
    "a__c": {"float": [0, 0.3], "step": 0.1},
}


def space(**said):
    return SPACE.validate_python(said)


def test_a_grid_has_the_order_of_scikit_learns():
    known = space(**LISTED)
    lists = {name: list(listed(one)) for name, one in known.items()}
    assert grid(known) == list(ParameterGrid(lists))
    assert grid_size(known) == len(grid(known)) == 36
    assert [drawn("grid", known, 0, index) for index in range(36)] == grid(known)


def test_steps_are_counted_as_they_are_written():
    assert listed(space(x={"float": [0, 0.5], "step": 0.1})["x"]) == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert listed(space(x={"int": [1, 8], "step": 3})["x"]) == (1, 4, 7)
    assert listed(space(x={"int": [1, 8], "log": True})["x"]) is None


def test_a_draw_of_listed_values_never_repeats_a_combination():
    known = space(**LISTED)
    found = [drawn("random", known, 5, index) for index in range(36)]
    assert sorted(map(repr, found)) == sorted(map(repr, grid(known)))
    assert found != grid(known)


@given(
    seed=st.integers(0, 2**32 - 1), index=st.integers(0, 9_999), order=st.permutations(["a", "b", "c", "d"])
)
def test_a_draw_depends_on_seed_and_number_alone_and_lies_in_the_space(seed, index, order):
    said = {
        "a": {"int": [3, 40], "log": True},
        "b": {"float": [-1.5, 2.5]},
        "c": {"loguniform": [1e-4, 10]},
        "d": {"choice": [True, "x"]},
    }
    found = drawn("random", space(**{name: said[name] for name in order}), seed, index)
    assert found == drawn("random", space(**said), seed, index)
    assert isinstance(found["a"], int)
    assert 3 <= found["a"] <= 40
    assert -1.5 <= found["b"] <= 2.5
    assert 1e-4 <= found["c"] <= 10
    assert found["d"] in (True, "x")


@pytest.mark.parametrize(
    ("dimension", "spread"),
    [
        ({"loguniform": [1e-4, 10]}, lambda x: (log(x) - log(1e-4)) / (log(10) - log(1e-4))),
        ({"float": [-1, 3]}, lambda x: (x + 1) / 4),
    ],
)
def test_numbers_are_spread_as_the_space_says(dimension, spread):
    known = space(x=dimension)
    found = [spread(drawn("random", known, 7, index)["x"]) for index in range(2000)]
    assert kstest(found, "uniform").pvalue > 0.01


def test_a_logarithmic_integer_doubles_with_equal_chance():
    known = space(x={"int": [1, 255], "log": True})
    found = Counter(drawn("random", known, 3, index)["x"].bit_length() for index in range(4000))
    assert set(found) == set(range(1, 9))
    assert all(abs(count - 500) < 100 for count in found.values())


def test_another_seed_draws_something_else():
    known = space(x={"float": [0, 1]})
    assert drawn("random", known, 0, 4) != drawn("random", known, 1, 4) != drawn("random", known, 1, 5)
