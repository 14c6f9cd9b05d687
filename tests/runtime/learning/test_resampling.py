import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.resampling import resampled, statistic
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.scoring import score

BINARY = [
    "accuracy",
    "roc_auc",
    "neg_brier_score",
    "f1",
    "balanced_accuracy",
    "precision",
    "recall",
    "neg_log_loss",
]
NUMBERS = ["neg_mean_absolute_error", "neg_mean_squared_error", "neg_root_mean_squared_error", "r2"]


def binary(rows, seed=0):
    random = np.random.default_rng(seed)
    chance = random.integers(0, 8, rows) / 7.0  # with ties
    truth = random.random(rows) < chance
    said = {"predict": chance > 0.5, "predict_proba": np.column_stack([1 - chance, chance])}
    return Scored(np.arange(rows, dtype=np.uint64), truth, said, np.array([False, True]))


def numbers(rows, seed=0):
    random = np.random.default_rng(seed)
    truth = random.normal(size=rows)
    return Scored(
        np.arange(rows, dtype=np.uint64), truth, {"predict": truth + random.normal(size=rows)}, None
    )


def one_value(answers, metric):
    try:
        return score(answers, [metric], {}).metrics[metric]
    except StepFailed:
        return None


@pytest.mark.parametrize(("make", "metrics"), [(binary, BINARY), (numbers, NUMBERS)])
@given(counts=st.lists(st.integers(0, 3), min_size=40, max_size=40), seed=st.integers(0, 5))
@settings(max_examples=8, deadline=None)
def test_a_metric_of_counted_rows_is_that_of_the_rows_repeated(make, metrics, counts, seed, tmp_path_factory):
    scored, counts = make(40, seed), np.array([*counts[:39], 1])
    repeated = scored.of(np.repeat(np.arange(40), counts)).answers()
    for metric in metrics:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = one_value(repeated, metric)
            found = statistic(scored, metric, tmp_path_factory.getbasetemp())(counts)
        if wanted is None:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(wanted, abs=1e-12)


def test_of_several_classes_pairs_are_counted(tmp_path):
    random = np.random.default_rng(3)
    truth, said = (np.array(["a", "b", "c"], dtype=object)[random.integers(0, 3, 60)] for _ in range(2))
    scored = Scored(
        np.arange(60, dtype=np.uint64), truth, {"predict": said}, np.array(["a", "b", "c"], dtype=object)
    )
    counts = random.integers(0, 3, 60)
    for metric in ("f1_macro", "balanced_accuracy", "matthews_corrcoef"):
        wanted = score(scored.of(np.repeat(np.arange(60), counts)).answers(), [metric], {}).metrics[metric]
        assert statistic(scored, metric, tmp_path)(counts) == pytest.approx(wanted, abs=1e-12)


def test_statistics_see_the_same_resamples_and_a_seed_repeats_them(tmp_path):
    one = statistic(binary(50), "accuracy", tmp_path)
    found = resampled([one, one], 50, 200, seed=7)
    assert (found[:, 0] == found[:, 1]).all()
    assert len(np.unique(found)) > 5
    assert (found == resampled([one, one], 50, 200, seed=7)).all()
    assert (found != resampled([one, one], 50, 200, seed=8)).any()
