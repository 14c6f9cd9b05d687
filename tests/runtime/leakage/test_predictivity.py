"""How well one column alone tells a label: what disguises a copy, what is chance, and agreement with brute force."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from mlopsc.runtime.leakage import Told, coded, target, told

CHANCE = np.random.RandomState(7)
N = 2000
CLASS = CHANCE.rand(N) < 0.3
NUMBER = CHANCE.lognormal(0, 2, N)


def told_of(values, label, mask=None, **options) -> Told | None:
    y = coded(pa.chunked_array([pa.array(label)]))
    x = coded(pa.chunked_array([pa.array(values, mask=mask)]))
    assert x is not None
    assert y is not None
    return told(x, target(y, **options))


def score(values, label, mask=None, **options) -> float:
    found = told_of(values, label, mask, **options)
    assert found is not None
    return found.score


DISGUISES = {
    "a copy": (CLASS, CLASS),
    "its negation": (~CLASS, CLASS),
    "words": (np.where(CLASS, "Yes", "No"), CLASS),
    "two words for one class": (np.where(CLASS, np.where(CHANCE.rand(N) < 0.5, "Y", "J"), "No"), CLASS),
    "a number with a threshold": (NUMBER, NUMBER > 5),
    "a number with two thresholds": (NUMBER, (NUMBER > 0.5) & (NUMBER < 3)),
    "a copy with 0.3 % noise": (CLASS ^ (CHANCE.rand(N) < 0.003), CLASS),
    "a code of many classes": (np.repeat(np.arange(16), N // 16), np.repeat([*"abcdabcdabcdabcd"], N // 16)),
    "a copied number": (NUMBER, NUMBER),
    "its logarithm": (np.log(NUMBER), NUMBER),
    "its reciprocal": (1 / NUMBER, NUMBER),
    "rounded": (np.round(NUMBER, 1), NUMBER),
    "a decimal": ([Decimal(str(round(x, 3))) for x in NUMBER], NUMBER),
    "with 5 % noise": (np.log(NUMBER) + CHANCE.normal(0, 0.1, N), NUMBER),
    "no monotone transform": (np.log(NUMBER), np.abs(np.log(NUMBER))),
    "a date": ((NUMBER * 1e6).astype("datetime64[us]"), NUMBER),
}


@pytest.mark.parametrize("case", DISGUISES)
def test_a_copy_of_the_label_is_found_however_it_is_disguised(case):
    assert score(*DISGUISES[case]) >= 0.99


def test_a_column_that_is_filled_for_one_class_alone_is_found_by_that():
    found = told_of(CHANCE.rand(N), CLASS, mask=~CLASS)
    assert found == Told(1.0, "nulls")


def test_a_copy_that_is_filled_for_some_rows_alone_is_found():
    assert score(CLASS, CLASS, mask=CHANCE.rand(N) < 0.7) == 1
    assert score(NUMBER, NUMBER, mask=CHANCE.rand(N) < 0.7) == 1


def test_a_copy_that_nearly_no_row_has_says_nothing_by_its_values():
    found = told_of(CLASS, CLASS, mask=np.arange(N) >= 40)
    assert found is None or found.look == "nulls"


@pytest.mark.parametrize("rows", [50, 100, 1000])
def test_noise_stays_far_from_the_limits(rows):
    chance = np.random.RandomState(rows)
    label, number = np.arange(rows) % 3 == 0, chance.rand(rows)
    columns = [chance.rand(rows) for _ in range(100)]
    columns += [chance.randint(0, rows // 2, rows).astype(str) for _ in range(100)]
    columns += [np.array([f"id {n}" for n in range(rows)])]
    assert max(score(one, label) for one in columns) < 0.9
    assert max(score(one, number) for one in columns) < 0.5


def test_a_name_of_each_row_tells_nothing():
    assert score([f"c{n}" for n in range(N)], CLASS) == pytest.approx(0.5)


def test_nothing_is_said_of_few_rows_of_lists_and_of_what_is_never_filled():
    assert told_of(CLASS[:49], CLASS[:49]) is None
    rare = np.arange(N) < 9
    assert told_of(rare, rare) is None
    assert told_of([None] * N, CLASS) is None
    assert told_of(CLASS, np.ones(N, dtype=bool)) is None
    assert coded(pa.chunked_array([pa.array([[1], [2]])])) is None


def test_whole_numbers_of_few_values_are_classes_unless_said_otherwise():
    label = np.arange(N) % 5
    whole = coded(pa.chunked_array([pa.array(label)]))
    assert whole is not None
    assert target(whole).classes
    assert target(whole, classes=False).measure == "r2"
    assert not target(coded(pa.chunked_array([pa.array(NUMBER)]))).classes


@given(st.data())
def test_the_order_of_a_column_agrees_with_scikit_learn_and_scipy(data):
    n = data.draw(st.integers(60, 120))
    x = np.array(data.draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n)))
    chance = np.random.RandomState(data.draw(st.integers(0, 99)))
    label = chance.rand(n) < 0.4
    if 10 <= label.sum() <= n - 10:
        area = roc_auc_score(label, x)
        assert score(x, label) >= max(area, 1 - area) - 1e-12
    number = x + chance.normal(0, 3, n)
    if len(set(x.tolist())) > 1:
        assert score(x, number, classes=False) >= spearmanr(x, number).statistic ** 2 - 1e-9


@given(st.permutations(range(300)), st.floats(0.1, 10))
def test_neither_the_unit_nor_the_order_of_many_values_changes_what_order_tells(places, unit):
    values = np.array(places, dtype=float)
    label = values > 120
    assert score(values * unit - 7, label) == score(values, label) == 1


def test_nan_is_null():
    values = np.where(CLASS, np.nan, 1.0)
    assert told_of(values, CLASS) == Told(1.0, "nulls")
