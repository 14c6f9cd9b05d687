"""What a picture of a drift report is drawn from agrees with the data."""

import json

import numpy as np
import pandas as pd
import pytest

from mlopsc.runtime.drift.profile import profile_table
from mlopsc.runtime.drift.report import drift_against_profile, drift_report


def drawn(reference, current):
    report = drift_report(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current}))
    return json.loads(report.to_json())["columns"]["x"]["distribution"]


def normal(rows, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, size=rows)


def counted(side):
    return sum(side["counts"]) + side["below"] + side["above"]


def test_counts_are_those_of_the_bins():
    before, after = normal(3000), normal(500, 1.0, seed=1)
    found = drawn(before, after)
    for side, values in (("reference", before), ("current", after)):
        assert counted(found[side]) == len(values)
        np.testing.assert_allclose(found[side]["counts"], np.histogram(values, found["edges"])[0], atol=1)
    assert found["edges"][0] == pytest.approx(np.quantile(before, 0.01), abs=0.05)
    assert found["edges"][-1] == pytest.approx(np.quantile(after, 0.99), abs=0.05)


def test_a_profile_tells_nearly_the_same_as_the_table():
    before, after = pd.DataFrame({"x": normal(50_000)}), pd.DataFrame({"x": normal(5000, 0.5, seed=1)})
    whole = drift_report(before, after).columns["x"].distribution
    compact = drift_against_profile(profile_table(before), after).columns["x"].distribution
    np.testing.assert_allclose(whole["edges"], compact["edges"], atol=0.02)
    assert counted(compact["reference"]) == 50_000
    difference = np.abs(np.subtract(whole["reference"]["counts"], compact["reference"]["counts"]))
    assert difference.max() < 50_000 / 200


def test_whole_numbers_have_bins_of_equally_many():
    hours = np.repeat(np.arange(24), 10)
    found = drawn(hours, hours)
    assert found["edges"] == [value - 0.5 for value in range(25)]
    assert found["reference"]["counts"] == [10] * 24
    wide = drawn(np.repeat(np.arange(480), 10), np.repeat(np.arange(480), 10))
    assert len(wide["edges"]) <= 26
    assert np.unique(np.diff(wide["edges"])).tolist() == [20.0]


def test_labels_are_the_commonest_of_either_side():
    before = ["a"] * 50 + ["b"] * 30 + [f"rare{number}" for number in range(20)]
    found = drawn(before, ["new"] * 60 + ["a"] * 40)
    assert found["labels"][:3] == ["new", "a", "b"]
    assert (found["reference"][:3], found["current"][:3]) == ([0, 50, 30], [60, 40, 0])
    assert sum(found["reference"]) + found["others"][0] == 100
    assert sum(found["current"]) + found["others"][1] == 100


@pytest.mark.parametrize("values", [[np.inf] * 40, [None] * 40], ids=["infinite", "missing"])
def test_without_values_there_is_none(values):
    assert drawn(normal(40), pd.Series(values, dtype=float)) is None


@pytest.mark.parametrize("value", [0.0, 3.5, -2.0])
def test_a_single_value_is_drawn(value):
    found = drawn(np.full(40, value), np.full(40, value))
    assert sum(found["reference"]["counts"]) == 40


def test_infinities_lie_beyond_the_bins():
    found = drawn(normal(100), np.append(normal(100, seed=1), [np.inf, -np.inf]))
    assert counted(found["current"]) == 102
    assert found["current"]["above"] >= 1
    assert np.isfinite(found["edges"]).all()
