"""The statistics of drift: population stability index, Kolmogorov-Smirnov, chi-squared, correction for many
tests.

Equal to SciPy's `ks_2samp` and `chi2_contingency`, but taking counts and sorted values, so that a reference
needs to be sorted once only and can come from a profile.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
from scipy.special import chdtrc

from mlopsc.runtime.drift.columns import Counts, Floats, Numbers

K = TypeVar("K")

_EXACT_ROWS = 10_000  # SciPy's `auto`: the exact distribution while neither sample is larger


@dataclass(frozen=True)
class TestResult:
    """A statistic, its p-values, and the size of the effect in the unit that its threshold has."""

    statistic: float
    p_value: float
    """As SciPy gives it."""
    judged_p_value: float
    """The p-value to judge by: it keeps its level where the usual one does not (rare bins)."""
    effect: float


def population_stability_index(reference: Counts, current: Counts) -> float:
    """Return the PSI of two rows of counts over the same bins, in nats; 0 for equal shares.

    PSI = Σ (c - r) ln(c / r) over the bins' shares (Siddiqi 2006), the symmetrised Kullback-Leibler
    divergence (Jeffreys 1946). Half a row is added to every bin (Jeffreys' prior), so that an empty bin stays
    finite. Bins that are empty on both sides do not count.
    """
    filled = (reference + current) > 0
    r, c = reference[filled] + 0.5, current[filled] + 0.5
    r, c = r / r.sum(), c / c.sum()
    return float(np.sum((c - r) * np.log(c / r)))


def psi_test(reference: Counts, current: Counts) -> TestResult:
    """Return PSI with a p-value, after putting rare bins together.

    PSI has no exact distribution. Under equal distributions PSI·nm/(n+m) tends to chi-squared with k-1
    degrees of freedom (Yurdakul and Naranjo 2020, J. Risk Model Validation 14(4)), as Pearson's statistic
    does. In far tails, which matter among many columns, the first is too ready when the current sample is
    small, and the second when the reference is, for the bins are its quantiles: the larger p-value of the two
    keeps its level.
    """
    reference, current = _without_rare(reference, current)
    psi = population_stability_index(reference, current)
    n, m, k = int(reference.sum()), int(current.sum()), int(np.count_nonzero(reference + current))
    limit = float(chdtrc(k - 1, psi * n * m / (n + m))) if k > 1 else 1.0
    p_value = max(limit, _pearson(reference, current)[1])
    return TestResult(psi, p_value, p_value, psi)


def _without_rare(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Put the bins with fewer than five rows expected on a side together (Cochran 1954, Biometrics 10).

    The chi-squared distribution does not hold for them. A value never seen before falls into these, unless it
    is frequent, and then it has a bin.
    """
    total = reference + current
    rare = total * min(reference.sum(), current.sum()) < 5 * total.sum()
    if not rare.any():
        return reference, current
    return np.append(reference[~rare], reference[rare].sum()), np.append(current[~rare], current[rare].sum())


def ks_test(values: Floats, below: Counts, through: Counts, rows: int, current: Numbers) -> TestResult:
    """Return the two-sample Kolmogorov-Smirnov distance and its two-sided p-value, as SciPy's `ks_2samp`.

    The reference of `rows` values is known at the ascending `values`: how many are less (`below`), and how
    many are at most that (`through`). With every distinct value of the
    reference the distance is exact: between two of them its distribution function is constant and the other
    one rises, so the largest distance lies at one of the ends. With fewer, it is too small by at most the
    largest share of the reference that lies strictly between two neighbours.
    """
    n, m = rows, current.count
    up_to = current.up_to(values)
    less = current.less_than(values)
    at = np.abs(through * m - up_to * n)
    before = np.abs(below * m - less * n)
    if at.max() >= before.max():
        place = int(at.argmax())
        counts = int(through[place]), int(up_to[place])
    else:
        place = int(before.argmax())
        counts = int(below[place]), int(less[place])
    distance = abs(counts[0] * m - counts[1] * n) / (n * m)
    p_value = _ks_p_value(n, m, (abs(counts[0] - counts[1]), 0) if n == m else counts)
    return TestResult(distance, p_value, p_value, distance)


@lru_cache(maxsize=4096)
def _ks_p_value(n: int, m: int, counts: tuple[int, int]) -> float:
    """Return the p-value for the distance between `counts[0]` of n rows and `counts[1]` of m rows."""
    from scipy.stats import ks_2samp, kstwo

    distance = abs(counts[0] * m - counts[1] * n) / (n * m)
    if distance == 0.0:
        return 1.0
    if max(n, m) > _EXACT_ROWS:
        return float(np.clip(kstwo.sf(distance, np.round(n * m / (n + m))), 0.0, 1.0))
    # The p-value depends on the two sizes and the distance alone, and two samples of zeros and ones can have
    # any distance: so SciPy's exact path counting serves as it is.
    zeros_and_ones = [
        np.repeat((0.0, 1.0), (count, size - count)) for count, size in zip(counts, (n, m), strict=True)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # "exact unsuccessful": it then takes the asymptotic one
        return float(ks_2samp(*zeros_and_ones).pvalue)


def chi2_test(reference: Counts, current: Counts) -> TestResult:
    """Return Pearson's chi-squared of homogeneity on a 2×k table, as SciPy's `chi2_contingency`, and Cramér's
    V.

    Categories that are empty on both sides do not count; with two categories left, Yates' correction applies.
    One category is no evidence: statistic 0, p-value 1. It is judged with rare categories put together, and
    by V corrected for bias (Bergsma 2013, J. Korean Stat. Soc. 42), so that many of them do not look like an
    effect.
    """
    statistic, p_value, _ = _pearson(reference, current)
    _, judged, effect = _pearson(*_without_rare(reference, current))
    return TestResult(statistic, p_value, judged, effect)


def _pearson(reference: Counts, current: Counts) -> tuple[float, float, float]:
    """Return chi-squared, its p-value and the corrected V of two rows of counts."""
    filled = (reference + current) > 0
    table = np.stack([reference[filled], current[filled]]).astype(np.float64)
    k, total = table.shape[1], float(table.sum())
    if k < 2:
        return 0.0, 1.0, 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    distance = np.abs(table - expected)
    phi2 = float(np.sum(distance**2 / expected)) / total
    if k == 2:
        distance = distance - np.minimum(0.5, distance)
    statistic = float(np.sum(distance**2 / expected))
    unbiased = max(0.0, phi2 - (k - 1) / (total - 1))
    columns, lines = k - (k - 1) ** 2 / (total - 1), 2 - 1 / (total - 1)
    effect = (unbiased / max(min(columns, lines) - 1, 1 / total)) ** 0.5
    return statistic, float(chdtrc(k - 1, statistic)), min(1.0, effect)


def missing_test(missing: tuple[int, int], rows: tuple[int, int]) -> TestResult:
    """Return the rise of the missing share from the reference to the current table, and its p-value.

    The p-value is Pearson's chi-squared on missing and present rows; a fall has p-value 1, since it never
    alerts.
    """
    rise = missing[1] / rows[1] - missing[0] / rows[0]
    table = [np.array([absent, total - absent]) for absent, total in zip(missing, rows, strict=True)]
    p_value = _pearson(*table)[1] if rise > 0 else 1.0
    return TestResult(rise, p_value, p_value, rise)


def correct(
    p_values: Mapping[K, float], method: Literal["holm", "bonferroni", "benjamini-hochberg"]
) -> dict[K, float]:
    """Return p-values adjusted for their number: one is significant when its adjusted value is at most alpha.

    Holm 1979 (Scand. J. Stat. 6), Bonferroni, or Benjamini and Hochberg 1995 (J. R. Stat. Soc. B 57).
    """
    keys: Sequence[K] = list(p_values)
    p = np.array([p_values[key] for key in keys], dtype=np.float64)
    m, order = len(p), np.argsort(p, kind="stable")
    rank = np.arange(m)
    match method:
        case "bonferroni":
            adjusted = p * m
        case "holm":
            adjusted = np.empty(m)
            adjusted[order] = np.maximum.accumulate(p[order] * (m - rank))
        case "benjamini-hochberg":
            adjusted = np.empty(m)
            adjusted[order] = np.minimum.accumulate((p[order] * m / (rank + 1))[::-1])[::-1]
    return dict(zip(keys, np.minimum(adjusted, 1.0).tolist(), strict=True))
