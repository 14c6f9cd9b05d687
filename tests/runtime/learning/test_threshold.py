from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_score, recall_score

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.threshold import choose_threshold, cuts_of
from mlopsc.vocabulary.deciding import Threshold

TRUTH = np.array([True, False, True, True, False, False, True, False])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])

rows = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 3)), min_size=2, max_size=30
).filter(lambda found: len({truth for truth, _, _ in found}) == 2)


def rule(**given: Any) -> Threshold:
    return Threshold.model_validate(given)


@given(rows)
def test_cuts_count_what_scikit_learn_counts(found):
    truth, scores, weights = (np.array(column) for column in zip(*found, strict=True))
    cuts = cuts_of(truth, scores / 6, weights.astype(float))
    assert cuts.thresholds.tolist() == sorted(set(scores / 6), reverse=True)
    for at, cut in enumerate(cuts.thresholds):
        said = scores / 6 >= cut
        assert cuts.recall[at] == pytest.approx(recall_score(truth, said, sample_weight=weights))
        assert cuts.precision[at] == pytest.approx(precision_score(truth, said, sample_weight=weights))


@given(rows, st.floats(0.05, 1))
def test_the_least_recall_is_kept_at_the_best_precision(found, least):
    truth, scores, _ = (np.array(column) for column in zip(*found, strict=True))
    chosen = choose_threshold(rule(min_recall=least), truth, scores)
    kept = [cut for cut in set(scores) if recall_score(truth, scores >= cut) >= least]
    best = max(precision_score(truth, scores >= cut) for cut in kept)
    assert recall_score(truth, scores >= chosen) >= least
    assert precision_score(truth, scores >= chosen) == pytest.approx(best)


@given(rows)
def test_a_scorer_is_best_at_the_threshold(found):
    truth, scores, _ = (np.array(column) for column in zip(*found, strict=True))
    for name, measure in (("f1", f1_score), ("balanced_accuracy", balanced_accuracy_score)):
        chosen = choose_threshold(rule(maximize=name), truth, scores)
        best = max(measure(truth, scores >= cut) for cut in set(scores))
        assert measure(truth, scores >= chosen) == pytest.approx(best)


def test_precision_is_kept_at_the_best_recall():
    assert choose_threshold(rule(min_precision=0.75), TRUTH, SCORES) == 0.6
    assert choose_threshold(rule(min_precision=1.0), TRUTH, SCORES) == 0.9


def test_a_precision_that_nothing_reaches_is_an_error():
    with pytest.raises(StepFailed, match=r"no threshold reaches a precision of 0\.9 .*; the best is 0\.6667"):
        choose_threshold(rule(min_precision=0.9), np.array([False, True, True]), np.array([0.9, 0.8, 0.7]))


@pytest.mark.parametrize(
    ("worth", "chosen"),
    [
        ((0, -1, 0, -100), 0.3),  # a miss is dear: all positive rows are found
        ((0, -100, 0, -1), 0.9),  # a false alarm is dear: none is raised
        ((10, -1, 0, 0), 0.3),
    ],
)
def test_decisions_are_worth_most_at_the_threshold(worth, chosen):
    names = ("true_positive", "false_positive", "true_negative", "false_negative")
    matrix = {name: float(value) for name, value in zip(names, worth, strict=True)}
    assert choose_threshold(rule(cost_matrix=matrix), TRUTH, SCORES) == chosen


def test_a_threshold_said_outright_stays():
    assert choose_threshold(rule(value=0.3), TRUTH, SCORES) == 0.3


def test_weights_of_rows_count():
    weights = np.array([1.0, 0, 1, 1, 0, 0, 1, 0])  # the negative rows count for nothing
    assert choose_threshold(rule(min_precision=1.0), TRUTH, SCORES, weights) == 0.3
