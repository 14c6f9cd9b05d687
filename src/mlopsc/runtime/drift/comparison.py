"""Comparison of one column with its profile: which tests apply, and what they measure. No verdict yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.drift.columns import Column, Labels, NoValues, Numbers
from mlopsc.runtime.drift.profile import (
    CategoricalProfile,
    ColumnProfile,
    EmptyProfile,
    NumericProfile,
    count_bins,
)
from mlopsc.runtime.drift.statistics import TestResult, chi2_test, ks_test, missing_test, psi_test
from mlopsc.vocabulary.drift import ColumnKind, DriftTests

Undecided = Literal["insufficient_data", "constant", "empty"]


@dataclass(frozen=True)
class Comparison:
    """What the tests of a column found; `undecided` says why its values could not be compared, if so."""

    kind: ColumnKind | None
    results: Mapping[str, TestResult]
    undecided: Undecided | None
    reason: str


def compare_column(name: str, reference: ColumnProfile, current: Column, tests: DriftTests) -> Comparison:
    """Run the tests that the column's kind has and that its rows allow.

    The missing share needs `min_rows` rows on both sides, the other tests `min_rows` values.
    Raises SpecError when the column is of another kind than in the reference.
    """
    known, found = reference.rows - reference.missing, current.rows - current.missing
    kind = _common_kind(name, reference, current)
    results: dict[str, TestResult] = {}
    # Where nothing is missing on either side, the test could not reject whatever came: it is none (Tarone
    # 1990).
    if (
        tests.missing is not None
        and min(reference.rows, current.rows) >= tests.min_rows
        and reference.missing + current.missing
    ):
        results["missing"] = missing_test(
            (reference.missing, current.missing), (reference.rows, current.rows)
        )
    if not known or not found:
        sides = "either side" if known == found else "the reference" if not known else "the current table"
        return Comparison(kind, results, "empty", f"no values in {sides}")
    if min(known, found) < tests.min_rows:
        reason = f"{known} and {found} values; min_rows is {tests.min_rows}"
        return Comparison(kind, results, "insufficient_data", reason)
    if isinstance(reference, NumericProfile) and isinstance(current, Numbers):
        if reference.values[0] == reference.values[-1] == current.values[0] == current.values[-1]:
            return Comparison(kind, results, "constant", f"always {float(current.values[0])!r}")
        results |= _numeric_tests(reference, current, tests)
    elif isinstance(reference, CategoricalProfile) and isinstance(current, Labels):
        if reference.counts.keys() == current.counts.keys() and len(current.counts) == 1:
            return Comparison(kind, results, "constant", f"always {next(iter(current.counts))!r}")
        results |= _categorical_tests(reference, current, tests)
    if not results and tests.missing is None:
        return Comparison(kind, results, "insufficient_data", f"no test is declared for {kind} columns")
    return Comparison(kind, results, None, "")


def _common_kind(name: str, reference: ColumnProfile, current: Column) -> ColumnKind | None:
    if isinstance(current, NoValues):
        return None if isinstance(reference, EmptyProfile) else reference.kind
    if not isinstance(reference, EmptyProfile) and reference.kind != current.kind:
        raise SpecError(
            f"column {name!r} is {reference.kind} in the reference and {current.kind} in the current table",
            help="give both the same type, for example by declaring the column's type in the dataset",
        )
    return current.kind


def _numeric_tests(reference: NumericProfile, current: Numbers, tests: DriftTests) -> dict[str, TestResult]:
    results = {}
    if "psi" in tests.numeric:
        results["psi"] = psi_test(reference.bin_counts, count_bins(current, reference.edges))
    if "ks" in tests.numeric:
        rows = reference.rows - reference.missing
        results["ks"] = ks_test(reference.values, reference.below, reference.through, rows, current)
    return results


def _categorical_tests(
    reference: CategoricalProfile, current: Labels, tests: DriftTests
) -> dict[str, TestResult]:
    if (
        reference.other
    ):  # what the profile did not keep is not known apart, nor can it be in the current table
        labels = sorted(reference.counts)
        unknown = sum(count for label, count in current.counts.items() if label not in reference.counts)
        before = [*(reference.counts[label] for label in labels), reference.other]
        after = [*(current.counts.get(label, 0) for label in labels), unknown]
    else:
        labels = sorted(reference.counts.keys() | current.counts.keys())
        before = [reference.counts.get(label, 0) for label in labels]
        after = [current.counts.get(label, 0) for label in labels]
    counts = np.array(before, dtype=np.int64), np.array(after, dtype=np.int64)
    results = {}
    if "psi" in tests.categorical:
        results["psi"] = psi_test(*counts)
    if "chi2" in tests.categorical:
        results["chi2"] = chi2_test(*counts)
    return results
