"""Folds: scikit-learn's, of the train part alone; nothing later than what is scored is learned from."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.tuning.folds import make_folds, time_folds
from mlopsc.vocabulary.tuning import CrossValidation

CV = TypeAdapter(CrossValidation)


def made(folder, cv, label, seed=0, **columns):
    path = folder / "train"
    pq.write_table(pa.table({"__label__": label, **columns}), path)
    return make_folds(path, np.asarray(label), CV.validate_python(cv), seed)


def same(found, wanted):
    return all(
        np.array_equal(one, other)
        for pair, expected in zip(found, wanted, strict=True)
        for one, other in zip(pair, expected, strict=True)
    )


def test_folds_are_scikit_learns(tmp_path):
    label = [0, 1, 1] * 10
    rows = np.zeros((30, 1))
    groups = [f"g{index % 7}" for index in range(30)]
    assert same(made(tmp_path, {"type": "kfold"}, label), KFold(5, shuffle=True, random_state=0).split(rows))
    wanted = StratifiedKFold(3, shuffle=True, random_state=9).split(rows, label)
    assert same(made(tmp_path, {"type": "stratified", "folds": 3}, label, seed=9), wanted)
    found = made(tmp_path, {"type": "group", "folds": 4}, label, __group__=groups)
    assert same(found, GroupKFold(4).split(rows, groups=[index % 7 for index in range(30)]))
    for learned, scored in found:
        assert not {groups[at] for at in learned} & {groups[at] for at in scored}


def test_folds_of_rows_in_order_of_time_are_those_of_a_time_series_split():
    times = np.arange(57) * 1_000
    assert same(time_folds(times, 5, 0), TimeSeriesSplit(5).split(times))


@given(
    times=st.lists(st.integers(0, 60), min_size=12, max_size=60),
    folds=st.integers(2, 4),
    gap=st.integers(0, 5),
)
def test_nothing_as_late_as_what_is_scored_is_learned_from(times, folds, gap):
    found = np.asarray(times)
    try:
        made = time_folds(found, folds, gap)
    except ValueError:
        return
    seen = set()
    for learned, scored in made:
        assert found[learned].max() < found[scored].min() - gap or gap == 0
        assert found[learned].max() < found[scored].min()
        assert not seen & set(scored.tolist())
        seen |= set(scored.tolist())


def test_a_gap_counts_from_the_first_row_scored(tmp_path):
    times = pa.array(np.arange(20) * 3_600_000_000, pa.timestamp("us", "UTC"))
    cv = {"type": "time", "folds": 3, "gap": "2h"}
    for learned, scored in made(tmp_path, cv, [0, 1] * 10, __time__=times):
        assert scored[0] - learned[-1] == 3


@pytest.mark.parametrize(
    ("cv", "columns", "words"),
    [
        ({"type": "kfold", "folds": 9}, {}, "`kfold`"),
        ({"type": "stratified", "folds": 4}, {}, "one class has 3 rows only"),
        ({"type": "group", "folds": 3}, {"__group__": ["a", "b"] * 4}, "`group`"),
        (
            {"type": "time", "folds": 3},
            {"__time__": pa.array([5] * 8, pa.timestamp("us"))},
            "no row is old enough",
        ),
    ],
)
def test_too_few_rows_for_the_folds_are_told(tmp_path, cv, columns, words):
    with pytest.raises(StepFailed, match="cannot be divided into") as caught:
        made(tmp_path, cv, [0, 0, 0, 1, 1, 1, 1, 1], **columns)
    assert words in str(caught.value)
    assert caught.value.help == "choose fewer `folds`, or another `cv`"
