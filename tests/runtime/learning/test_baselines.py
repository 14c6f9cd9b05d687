"""Naive forecasts against scikit-learn's dummies, a brute-force look at the past, and a published figure."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer

from mlopsc.runtime.learning.baselines import previous_values, score_baselines
from mlopsc.runtime.learning.scoring import Answers
from mlopsc.vocabulary.metrics import CustomMetric
from tests.runtime.learning.test_measures import PROBABILITIES, features

ELEC2 = Path(__file__).parents[4] / "shared" / "data" / "elec2.parquet"
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def write(path, labels, times=None, **columns):
    given = {"__row__": pa.array(range(len(labels)), pa.uint64())}
    if times is not None:
        given["__time__"] = [START + dt.timedelta(hours=int(hours)) for hours in times]
    pq.write_table(pa.table(given | columns | {"__label__": labels}), path)
    return path


def parts(folder, train, test):
    return write(folder / "train", train.tolist()), write(folder / "test", test.tolist())


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2], np.array(["a", "b", "c"], dtype=object)], ids=str)
def test_of_classes_they_are_scikit_learns_dummies(tmp_path, labels):
    frame = features(200)
    truth = np.array(labels)[np.digitize(frame["a"], [-0.3, 0.9][: len(labels) - 1])]
    train, test = slice(0, 120), slice(120, None)
    model = LogisticRegression().fit(frame[train], truth[train])
    names = ["accuracy", "f1_macro", *PROBABILITIES, "roc_auc" if len(labels) == 2 else "roc_auc_ovo"]
    found = score_baselines(
        Answers(model, frame[test], truth[test]), names, {}, parts(tmp_path, truth[train], truth[test])
    )
    assert (list(found.metrics), found.notes) == (["majority", "prior"], ())
    for baseline, strategy in {"majority": "most_frequent", "prior": "prior"}.items():
        dummy = DummyClassifier(strategy=strategy).fit(frame[train], truth[train])
        expected = {name: get_scorer(name)(dummy, frame[test], truth[test]) for name in names}
        assert found.metrics[baseline] == pytest.approx(expected, abs=1e-12)


def test_of_numbers_they_are_scikit_learns_dummies(tmp_path):
    frame = features(200)
    truth = np.exp(frame["a"].to_numpy())
    train, test = slice(0, 120), slice(120, None)
    model = LinearRegression().fit(frame[train], truth[train])
    names = ["r2", "neg_mean_absolute_error", "neg_max_error", "neg_median_absolute_error"]
    found = score_baselines(
        Answers(model, frame[test], truth[test]), names, {}, parts(tmp_path, truth[train], truth[test])
    )
    assert list(found.metrics) == ["mean", "median"]
    for strategy in found.metrics:
        dummy = DummyRegressor(strategy=strategy).fit(frame[train], truth[train])
        expected = {name: get_scorer(name)(dummy, frame[test], truth[test]) for name in names}
        assert found.metrics[strategy] == pytest.approx(expected, abs=1e-12)


def test_a_users_metric_is_computed_of_them_too(tmp_path):
    frame = features(60)
    truth = (frame["a"] > 0).to_numpy()
    answers = Answers(LogisticRegression().fit(frame, truth), frame, truth)
    metric = CustomMetric(name="share", python="m:f")
    found = score_baselines(
        answers,
        [metric],
        {"share": lambda true, said, score: float(np.mean(said))},
        parts(tmp_path, truth, truth),
    )
    assert found.metrics["majority"]["share"] in (0.0, 1.0)


def test_a_metric_that_a_naive_forecast_has_no_value_for_is_null(tmp_path):
    frame = features(60)
    truth = (frame["a"] > 0).to_numpy()
    answers = Answers(LogisticRegression().fit(frame, truth), frame, truth)

    def breaks(true, said, score):
        raise ZeroDivisionError

    found = score_baselines(
        answers, [CustomMetric(name="m", python="m:f")], {"m": breaks}, parts(tmp_path, truth, truth)
    )
    assert found.metrics == {"majority": {"m": None}, "prior": {"m": None}}


rows = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([None, "x", "y"])), min_size=1, max_size=12)


@given(train=rows, test=rows, by=st.booleans())
def test_the_previous_value_is_the_last_label_known_before(tmp_path_factory, train, test, by):
    folder = tmp_path_factory.mktemp("parts")
    files = []
    for name, part in (("train", train), ("test", test)):
        shops = pa.array([shop for _, shop in part], pa.string())
        files.append(write(folder / name, [0] * len(part), [time for time, _ in part], __aux__shop=shops))
    labels = np.arange(len(train) + len(test))  # each its own place
    seen, truth = labels[: len(train)], labels[len(train) :]
    said, without = previous_values((files[0], files[1]), truth, seen, ("shop",) if by else ())
    everything = [*train, *test]
    for row, (time, shop) in enumerate(test):
        earlier = [
            (there, place)
            for place, (there, other) in enumerate(everything)
            if there < time and (not by or other == shop)
        ]
        assert bool(without[row]) == (not earlier)
        if earlier:
            assert said[row] == max(earlier)[1]


def test_rows_without_an_earlier_label_are_counted(tmp_path):
    frame = features(6)
    truth = np.array([False, True, True, False, True, True])
    model = LogisticRegression().fit(frame, truth)
    files = (
        write(tmp_path / "train", [True, False], [3, 4]),
        write(tmp_path / "test", truth.tolist(), [0, 1, 2, 5, 6, 7]),
    )
    found = score_baselines(Answers(model, frame, truth), ["accuracy"], {}, files)
    # The first has nothing before it and gets False, the lower of two equally common classes.
    assert found.metrics["previous_value"]["accuracy"] == pytest.approx(4 / 6)
    assert found.notes == ("previous_value: 1 rows have no earlier label and are forecast by majority",)


@pytest.mark.skipif(not ELEC2.exists(), reason="needs the electricity market's data")
def test_the_no_change_forecast_of_electricity_prices_is_as_published(tmp_path):
    """85.3 % (Bifet et al. 2013, Pitfalls in Benchmarking Data Stream Classification)."""
    target = pq.read_table(ELEC2).column("target").to_numpy()
    train, test = target[:1], target[1:]
    files = (
        write(tmp_path / "train", train.tolist(), range(1)),
        write(tmp_path / "test", test.tolist(), range(1, len(target))),
    )
    said, without = previous_values(files, test, train, ())
    assert not without.any()
    assert accuracy_score(test, said) == pytest.approx(0.853, abs=0.0005)
