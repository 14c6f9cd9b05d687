"""What a split reports and refuses: features that give the label away, rows and entities in both parts."""

import numpy as np
import pyarrow as pa
import pytest

from mlopsc.runtime.leakage import look_for_leaks
from mlopsc.vocabulary.leakage import Leakage

N = 400
LABEL = np.arange(N) % 3 == 0


def part(start=0, label=LABEL, entity=None, **columns):
    rows = {"__row__": pa.array(np.arange(start, start + len(label)), pa.uint64())}
    if entity is not None:
        rows["__entity__"] = pa.array(entity, pa.uint64())
    return pa.table(rows | columns | {"__label__": label})


TEST = part(N, LABEL[:100], copy=LABEL[:100])
LEAK = (
    "'copy' tells the label by itself (AUC 1 by its values; limit 0.998); it must be made of it, or come later: "
    "leave it out, or `leakage: {allow: [copy]}`"
)


def test_a_leak_fails_and_is_named():
    found = look_for_leaks(part(copy=LABEL, noise=np.arange(N) % 7), TEST, Leakage())
    assert found.failures == (LEAK,)
    assert found.warnings == ()
    assert found.document["leakage"]["status"] == "failed"
    assert found.document["leakage"]["features"]["copy"] == {"score": 1.0, "look": "values"}
    assert found.document["leakage"]["features"]["noise"]["score"] < 0.6


def test_it_warns_where_that_is_said():
    found = look_for_leaks(part(copy=LABEL), TEST, Leakage(on_failure="warn"))
    assert (found.failures, found.warnings) == ((), (LEAK,))


def test_an_allowed_feature_is_measured_and_never_fails():
    found = look_for_leaks(part(copy=LABEL), TEST, Leakage(allow=("copy",)))
    assert (found.failures, found.warnings) == ((), ())
    assert found.document["leakage"]["features"]["copy"]["score"] == 1
    assert found.document["leakage"]["allowed"] == ["copy"]
    assert found.document["leakage"]["status"] == "passed"


@pytest.mark.parametrize(("limit", "fails"), [(0.9, True), (1.0, False)])
def test_the_limit_is_what_is_said(limit, fails):
    noisy = LABEL ^ (np.arange(N) % 50 == 0)
    found = look_for_leaks(part(x=noisy), TEST, Leakage(max_auc=limit))
    assert bool(found.failures) == fails


def test_a_limit_of_one_still_finds_exact_copies():
    assert look_for_leaks(part(copy=LABEL), TEST, Leakage(max_auc=1.0)).failures


def test_numbers_have_a_limit_of_their_own():
    number = np.random.RandomState(1).normal(0, 1, N)
    train = part(label=number, x=number + np.random.RandomState(2).normal(0, 0.2, N))
    assert not look_for_leaks(train, TEST, Leakage()).failures
    (said,) = look_for_leaks(train, TEST, Leakage(max_r2=0.9)).failures
    assert said.startswith("'x' tells the label by itself (R² of ranks 0.9")


def test_too_few_rows_are_no_pass():
    found = look_for_leaks(part(label=LABEL[:40], copy=LABEL[:40]), TEST, Leakage())
    assert found.document["leakage"]["status"] == "too few rows"
    assert found.document["leakage"]["features"]["copy"] == {"score": None, "look": None}


def test_a_label_that_has_no_plain_values_is_no_pass():
    train = part(label=pa.array([[1]] * N), x=LABEL)
    assert look_for_leaks(train, TEST, Leakage()).document["leakage"]["status"] == "too few rows"


def test_of_many_rows_some_are_measured():
    label = np.arange(120_000) % 4 == 0
    found = look_for_leaks(part(label=label, copy=label), TEST, Leakage())
    assert found.document["leakage"]["rows"] == 50_000
    assert found.failures == (LEAK,)


def test_rows_in_both_parts_are_counted_and_warned_of():
    test = part(N - 10, LABEL[:100])
    found = look_for_leaks(part(), test, Leakage())
    assert found.document["overlap"] == {"rows": 10, "entities": None}
    assert found.warnings == (
        "10 of 100 test rows stand in the train part as well: there the model may know them by heart",
    )
    assert look_for_leaks(part(), test, Leakage(overlap="block")).failures == found.warnings


def test_entities_in_both_parts_are_counted_and_named():
    train, test = part(entity=np.arange(N) % 9), part(N, LABEL[:100], entity=np.arange(100) % 10)
    found = look_for_leaks(train, test, Leakage(), ("customer",))
    assert found.document["overlap"]["entities"] == {"keys": ["customer"], "rows": 90}
    assert found.warnings == (
        "90 of 100 test rows are of a 'customer' that is in the train part too: split by `time`, or by `group`",
    )
    refused = look_for_leaks(train, test, Leakage(overlap="block"), ("customer",))
    assert refused.failures == found.warnings
