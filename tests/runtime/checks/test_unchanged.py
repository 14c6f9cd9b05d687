"""Distributions against the lock: drift fails, samples of the same pass, what cannot be told is no pass."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlopsc import SpecError, validate_table
from mlopsc.runtime.checks.validate import examined
from mlopsc.runtime.drift.profile import small_profiles
from mlopsc.vocabulary.checks import CHECK
from mlopsc.vocabulary.lock import Lock, LockedDataset, format_lock


def table(seed, rows=2000, shift=0.0, missing=0.0):
    random = np.random.default_rng(seed)
    amount = random.normal(10 + shift, 1, rows)
    amount[random.random(rows) < missing] = np.nan
    kinds = random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    return pd.DataFrame({"amount": amount, "kind": kinds, "always": 1})


def locked(frame, *columns):
    profiles = small_profiles(pa.Table.from_pandas(frame), columns)
    lock = LockedDataset(digest="sha256:0", writer="w", rows=len(frame), columns={}, profiles=profiles)
    return Lock.model_validate_json(format_lock(Lock(datasets={"d": lock}))).datasets["d"]


def found(frame, lock, **words):
    check = CHECK.validate_python({"expect": "distribution_unchanged", **words})
    with examined(frame, {}, [check], (), "block", {}, lock=lock) as examination:
        return examination.report.results[0]


BEFORE = table(1)
LOCK = locked(BEFORE, "amount", "kind", "always")


def test_another_sample_and_another_order_pass():
    for frame in (BEFORE, BEFORE.sample(frac=1, random_state=3), table(2)):
        assert found(frame, LOCK, column_list=["amount", "kind"]).passed


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table(2, shift=0.8), "'amount' drifts by psi, ks"),
        (table(2, missing=0.5), "'amount' drifts by missing"),
        (table(2).assign(kind="b"), "'kind' drifts by psi, chi2"),
        (
            pd.concat([table(2, 4999, shift=1.0), table(2, 1).assign(amount=1e6)]),
            "'amount' drifts by psi, ks",
        ),
    ],
    ids=["shift", "missing", "labels", "shift behind an outlier"],
)
def test_a_drift_fails_and_names_column_and_tests(frame, words):
    result = found(frame, LOCK, column_list=["amount", "kind"])
    assert (result.passed, result.on_failure, result.message) == (False, "block", words)


def test_a_difference_without_an_effect_passes_however_sure():
    many = table(5, 200_000, shift=0.01)
    assert found(many, locked(table(6, 200_000), "amount"), column="amount").passed


@pytest.mark.parametrize(
    ("frame", "lock", "column", "why"),
    [
        (BEFORE, None, "amount", "mlops.lock holds no profile of 'amount'; `mlopsc lock` records it"),
        (BEFORE, locked(BEFORE, "kind"), "amount", "mlops.lock holds no profile of 'amount'"),
        (table(2, 40), LOCK, "amount", "'amount' (insufficient data: 2000 and 40 values; min_rows is 100)"),
        (BEFORE, LOCK, "always", "'always' (constant: always 1.0)"),
    ],
)
def test_what_cannot_be_compared_is_a_warning_and_no_pass(frame, lock, column, why):
    result = found(frame, lock, column=column)
    assert (result.passed, result.on_failure) == (False, "warn")
    assert result.message.startswith(f"not compared: {why}")


def test_a_column_of_another_kind_fails():
    result = found(BEFORE.assign(amount="x"), LOCK, column="amount")
    assert (result.passed, result.on_failure) == (False, "block")
    assert "is numeric in the reference and categorical" in result.message


def test_a_damaged_profile_fails_and_says_what_to_do():
    broken = LOCK.model_copy(update={"profiles": {"amount": {"rows": 3}}})
    assert "`mlopsc lock` writes it again" in found(BEFORE, broken, column="amount").message


def test_arguments_are_looked_at():
    for words, message in (
        ({}, "needs `column` or `column_list`"),
        ({"column": "a", "column_list": ["a"]}, "needs `column` or `column_list`"),
        ({"column_list": ["a", "a"]}, "names a column twice"),
        ({"column": "a", "where": "a > 1"}, "takes no condition"),
        ({"column": "a", "on_failure": "quarantine"}, "finds no rows that could be put aside"),
    ):
        with pytest.raises(SpecError, match=message):
            validate_table(BEFORE, checks=[{"expect": "distribution_unchanged", **words}])


def test_false_alarms_keep_their_level():
    alarms = 0
    for seed in range(40):
        lock = locked(table(1000 + seed, 500), "amount", "kind")
        alarms += not found(table(seed, 500), lock, column_list=["amount", "kind"]).passed
    assert alarms <= 2


def test_a_profile_is_small_and_its_text_reads_well():
    text = format_lock(Lock(datasets={"d": LOCK}))
    assert json.loads(text)["datasets"]["d"]["profiles"] == LOCK.profiles
    assert len(text.splitlines()) < 60
    assert len(text) < 20_000
    wide = locked(pd.DataFrame({"kind": [f"k{i % 500}" for i in range(2000)]}), "kind").profiles["kind"]
    assert (len(wide["counts"]), wide["other"]) == (64, 2000 - 64 * 4)
