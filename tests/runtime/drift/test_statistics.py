"""The statistics equal SciPy's, and keep what their definitions promise."""

import math

import numpy as np
import pytest
from scipy import stats

from mlopsc.runtime.drift.columns import Numbers
from mlopsc.runtime.drift.profile import profile_column
from mlopsc.runtime.drift.statistics import (
    chi2_test,
    correct,
    ks_test,
    missing_test,
    population_stability_index,
    psi_test,
)


def ks(reference, current, *, compact=False):
    profile = profile_column(Numbers.of("numeric", len(reference), np.sort(reference)), compact=compact)
    found = Numbers.of("numeric", len(current), np.sort(current))
    return ks_test(profile.values, profile.below, profile.through, len(reference), found)


@pytest.mark.parametrize(
    ("n", "m"),
    [(1, 1), (5, 8), (100, 100), (137, 211), (1000, 999), (9000, 10_000), (10_001, 400), (12_000, 12_000)],
)
@pytest.mark.parametrize("kind", ["continuous", "ties", "shifted", "disjoint", "identical"])
@pytest.mark.filterwarnings("ignore:ks_2samp")
def test_ks_equals_scipys(n, m, kind):
    rng = np.random.default_rng(n * 7 + m)
    a, b = rng.normal(size=n), rng.normal(size=m)
    match kind:
        case "ties":
            a, b = np.round(a), np.round(b)
        case "shifted":
            b = b + 0.2
        case "disjoint":
            b = b + 100
        case "identical":
            b = np.resize(a, m)
    expected = stats.ks_2samp(a, b)
    found = ks(a, b)
    assert found.statistic == pytest.approx(expected.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9, rel=1e-9)


@pytest.mark.parametrize("distribution", ["normal", "zero_inflated", "uniform"])
def test_ks_against_2048_quantiles_is_too_small_by_at_most_their_spacing(distribution):
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=50_000), rng.normal(0.1, 1.2, size=30_000)
    if distribution == "zero_inflated":
        a, b = np.maximum(a, 0), np.maximum(b, 0)
    elif distribution == "uniform":
        a, b = rng.random(50_000), rng.random(30_000) * 1.05
    exact, sketched = ks(a, b).statistic, ks(a, b, compact=True).statistic
    assert 0 <= exact - sketched <= 1 / 2048


@pytest.mark.parametrize(
    "table",
    [
        [[30, 20, 50], [40, 30, 30]],
        [[30, 70], [45, 55]],
        [[10, 12], [11, 11]],
        [[0, 5, 95], [50, 0, 50]],
        [np.arange(1, 60), np.arange(60, 1, -1)],
    ],
)
def test_chi2_equals_scipys(table):
    reference, current = (np.array(row, dtype=np.int64) for row in table)
    expected = stats.chi2_contingency(np.stack([reference, current]))
    found = chi2_test(reference, current)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)


def test_a_category_that_neither_side_has_does_not_count():
    with_empty = chi2_test(np.array([30, 0, 70]), np.array([45, 0, 55]))
    assert with_empty == chi2_test(np.array([30, 70]), np.array([45, 55]))


def test_one_category_is_no_evidence():
    found = chi2_test(np.array([50]), np.array([70]))
    assert (found.statistic, found.p_value, found.effect) == (0.0, 1.0, 0.0)


def test_cramers_v_of_unlike_tables_is_near_one_and_of_noise_near_zero():
    assert chi2_test(np.array([5000, 0]), np.array([0, 5000])).effect == pytest.approx(1, abs=1e-3)
    rng = np.random.default_rng(0)
    noise = [np.bincount(rng.integers(0, 400, 2000), minlength=400) for _ in range(2)]
    assert stats.contingency.association(np.stack(noise)) > 0.2
    assert chi2_test(*noise).effect < 0.1


def test_rare_categories_against_a_small_sample_are_no_significance():
    # SciPy's p-value on the full table is reported; the judged one keeps its level.
    rng = np.random.default_rng(1)
    shares = 1 / np.arange(1, 301) / np.sum(1 / np.arange(1, 301))
    p_values = np.array(
        [
            chi2_test(rng.multinomial(2000, shares), rng.multinomial(150, shares)).judged_p_value
            for _ in range(2000)
        ]
    )
    assert np.mean(p_values <= 0.01) < 0.02


def test_psi_is_the_sum_over_bins_in_nats():
    reference, current = np.array([300, 500, 200]), np.array([200, 500, 300])
    r, c = (reference + 0.5) / 1001.5, (current + 0.5) / 1001.5
    by_hand = sum((y - x) * math.log(y / x) for x, y in zip(r, c, strict=True))
    assert population_stability_index(reference, current) == pytest.approx(by_hand)
    assert population_stability_index(reference, reference) == 0


def test_psi_with_an_empty_bin_is_finite():
    assert 1 < population_stability_index(np.array([500, 0]), np.array([100, 400])) < 20


@pytest.mark.parametrize(("n", "m"), [(500, 500), (2000, 150), (150, 2000)])
def test_psis_p_value_keeps_its_level_over_bins_of_the_references_quantiles(n, m):
    from mlopsc.runtime.drift.profile import count_bins, psi_edges

    rng, p_values = np.random.default_rng(5), []
    for _ in range(3000):
        a, b = (Numbers.of("numeric", size, np.sort(rng.random(size))) for size in (n, m))
        edges = psi_edges(a)
        p_values.append(psi_test(count_bins(a, edges), count_bins(b, edges)).p_value)
    assert 0.03 < np.mean(np.array(p_values) <= 0.05) <= 0.06
    assert np.mean(np.array(p_values) <= 0.001) <= 0.003


def test_a_fall_of_the_missing_share_is_no_alarm():
    assert missing_test((50, 0), (100, 100)).p_value == 1.0
    assert missing_test((0, 50), (100, 100)).p_value < 1e-9


def test_corrections_equal_their_definitions():
    p_values = dict(enumerate([0.01, 0.04, 0.03, 0.005, 0.9]))
    assert correct(p_values, "bonferroni") == pytest.approx({0: 0.05, 1: 0.2, 2: 0.15, 3: 0.025, 4: 1.0})
    assert correct(p_values, "holm") == pytest.approx({0: 0.04, 1: 0.09, 2: 0.09, 3: 0.025, 4: 0.9})
    expected = stats.false_discovery_control(list(p_values.values()))
    assert list(correct(p_values, "benjamini-hochberg").values()) == pytest.approx(list(expected))
    assert correct({}, "holm") == {}
