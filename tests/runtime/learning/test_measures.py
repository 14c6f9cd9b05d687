"""Measures under weights against scikit-learn's scorers on rows repeated so often."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from mlopsc.runtime.learning.measures import measure
from mlopsc.runtime.learning.scoring import Answers
from mlopsc.vocabulary.metrics import CustomMetric, ValueMetric

DECISIONS = [
    "accuracy",
    "balanced_accuracy",
    "matthews_corrcoef",
    *(
        f"{name}_{way}"
        for name in ("f1", "precision", "recall", "jaccard")
        for way in ("macro", "micro", "weighted")
    ),
]
BINARY = [*DECISIONS, "f1", "precision", "recall", "jaccard", "roc_auc", "average_precision"]
PROBABILITIES = ["neg_log_loss", "neg_brier_score"]
REGRESSION = [
    "r2",
    "explained_variance",
    "neg_mean_squared_error",
    "neg_root_mean_squared_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
]


def features(rows):
    return pd.DataFrame(np.random.default_rng(1).normal(size=(rows, 3)), columns=["a", "b", "c"])


def of_classes(model, classes, rows=150):
    frame = features(rows)
    noise = np.random.default_rng(2).normal(size=rows)
    truth = np.digitize(frame["a"] + noise, np.linspace(-1, 1, classes + 1)[1:-1])
    return model.fit(frame, truth), frame, truth


def weightings(rows, number=4):
    drawn = [
        np.bincount(np.random.default_rng(seed).integers(0, rows, rows), minlength=rows)
        for seed in range(number)
    ]
    return np.array([np.ones(rows), *drawn])


def check(model, frame, truth, name):
    weights = weightings(len(truth))
    found = measure(name, Answers(model, frame, truth))
    assert found is not None
    expected = []
    for one in weights.astype(int):
        rows = np.repeat(np.arange(len(truth)), one)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected.append(get_scorer(name)(model, frame.iloc[rows], truth[rows]))
    np.testing.assert_allclose(found(weights), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", [*BINARY, *PROBABILITIES])
def test_of_two_classes(name):
    check(*of_classes(LogisticRegression(), 2), name)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "neg_brier_score"])
def test_rows_of_one_score_are_one_step(name):
    check(*of_classes(DecisionTreeClassifier(max_leaf_nodes=4), 2), name)


@pytest.mark.parametrize("name", [*DECISIONS, *PROBABILITIES, "roc_auc_ovr", "roc_auc_ovr_weighted"])
def test_of_several_classes(name):
    check(*of_classes(LogisticRegression(), 4), name)


@pytest.mark.parametrize("name", REGRESSION)
def test_of_numbers(name):
    frame = features(80)
    truth = frame["a"].to_numpy() * 3 + 1000
    check(LinearRegression().fit(frame[["b", "c"]], truth), frame[["b", "c"]], truth, name)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_decision_values_rank_where_there_are_no_probabilities(name):
    check(*of_classes(LinearSVC(), 2), name)


def test_one_class_alone_has_no_roc_area():
    model, frame, truth = of_classes(LogisticRegression(), 2)
    weights = (truth == 1).astype(float)[None, :]
    assert np.isnan(measure("roc_auc", Answers(model, frame, truth))(weights)).all()


def test_labels_that_do_not_vary_are_explained_wholly_or_not_at_all():
    frame = features(30)
    model = LinearRegression().fit(frame, frame["a"])
    found = measure("r2", Answers(model, frame, np.full(30, 4.0)))
    assert found(np.ones((1, 30))).tolist() == [0.0]
    assert np.isnan(found(np.eye(1, 30))).all()


def test_what_has_no_form_over_weights_is_none():
    model, frame, truth = of_classes(LogisticRegression(), 2)
    answers = Answers(model, frame, truth)
    assert measure("neg_max_error", answers) is None
    assert measure(CustomMetric(name="m", python="m:f"), answers) is None
    assert measure("roc_auc_ovr", answers) is None


def test_values_of_decisions_are_summed():
    model, frame, truth = of_classes(LogisticRegression(), 2)
    costs = {"true_positive": 5.0, "false_positive": -1.0, "true_negative": 0.0, "false_negative": -20.0}
    said = model.predict(frame)
    expected = sum(
        {(1, 1): 5, (0, 1): -1, (0, 0): 0, (1, 0): -20}[pair] for pair in zip(truth, said, strict=True)
    )
    ones = np.ones((1, len(truth)))
    for of, value in {"total": expected, "per_row": expected / len(truth)}.items():
        metric = ValueMetric.model_validate({"of": of, "matrix": costs})
        assert measure(metric, Answers(model, frame, truth))(ones) == pytest.approx([value])
