from datetime import timedelta

import numpy as np
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.holdout import hold_out
from mlopsc.vocabulary.splits import GroupSplit, RandomSplit, TimeSplit

RANDOM, GROUP = RandomSplit(type="random"), GroupSplit(type="group", by="g")
TIME = TimeSplit(type="time", test=timedelta(days=1))
CLASSES = np.arange(60) % 3 // 2  # a third of the rows


def test_folds_hold_out_each_row_once_and_keep_the_classes_shares():
    folds = hold_out(RANDOM, 5, CLASSES, None, 7)
    assert np.sort(np.concatenate([held for _, held in folds])).tolist() == list(range(60))
    for learned, held in folds:
        assert not set(learned) & set(held)
        assert CLASSES[held].mean() == pytest.approx(1 / 3)
    again = hold_out(RANDOM, 5, CLASSES, None, 7)
    assert [held.tolist() for _, held in again] == [held.tolist() for _, held in folds]
    assert [held.tolist() for _, held in hold_out(RANDOM, 5, CLASSES, None, 8)] != [
        held.tolist() for _, held in folds
    ]


def test_groups_stay_together():
    groups = np.repeat(np.arange(12), 5)
    for held_out in (4, 0.25):
        for learned, held in hold_out(GROUP, held_out, CLASSES, groups, 7):
            assert not set(groups[learned]) & set(groups[held])


def test_what_is_learned_from_is_older_than_what_is_held_out():
    times = np.random.default_rng(1).permutation(np.arange(60) // 2)
    folds = hold_out(TIME, 4, CLASSES, times, 7)
    assert len(folds) == 4
    for learned, held in folds:
        assert times[learned].max() < times[held].min()
    [(learned, held)] = hold_out(TIME, 0.2, CLASSES, times, 7)
    assert times[held].min() >= 24 > times[learned].max()


def test_one_share_is_held_out_once():
    [(learned, held)] = hold_out(RANDOM, 0.25, CLASSES, None, 7)
    assert (len(learned), len(held)) == (45, 15)


def test_a_fold_without_a_class_is_an_error():
    classes = (np.arange(60) == 59).astype(int)
    with pytest.raises(StepFailed, match="lacks a class"):
        hold_out(TIME, 4, classes, np.arange(60), 7)
