"""Calibrated models and thresholds, fitted for real."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import brier_score_loss, recall_score

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.fitted import answers_of
from mlopsc.runtime.models.archive import load_model_file, read_signature

LOGISTIC, BAYES = "sklearn.linear_model.LogisticRegression", "sklearn.naive_bayes.GaussianNB"
FOREST = "sklearn.ensemble.RandomForestClassifier"
RANDOM = {"type": "random"}


def doubled(workbench, name, rows=600, seed=1, label=None):
    """Write a table in which naive Bayes counts the same evidence twice, and so is too sure."""
    chance = np.random.default_rng(seed)
    a = chance.normal(size=rows)
    truth = chance.random(rows) < 1 / (1 + np.exp(-2 * a + 1))
    labels = truth if label is None else np.where(truth, *label).tolist()
    return workbench.write(name, {"a": a, "b": a, "__label__": labels}, first_row=seed * 10_000)


GIVEN = {"features": ["a", "b"], "split": RANDOM}


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("held", [{}, {"cv": 3}, {"validation": 0.3}])
def test_calibrated_probabilities_are_nearer_to_the_truth(workbench, method, held):
    train, test = doubled(workbench, "train"), doubled(workbench, "test", 2000, 2)
    plain = workbench.train(train, "plain", estimator=BAYES, **GIVEN)
    calibrated = workbench.train(
        train, "calibrated", estimator=BAYES, calibrate={"method": method, **held}, **GIVEN
    )
    before, after = (answers_of(load_model_file(model), test) for model in (plain, calibrated))
    scores = [brier_score_loss(one.codes, one.probability()) for one in (before, after)]
    assert scores[1] < scores[0]
    assert read_signature(calibrated)["calibrate"] == {"method": method, **held}


@pytest.mark.parametrize("estimator", [LOGISTIC, FOREST, "sklearn.ensemble.HistGradientBoostingClassifier"])
@pytest.mark.parametrize("label", [None, ("yes", "no"), (1, 0)])
def test_decided_models_have_equal_bytes_on_one_thread_and_on_two(workbench, estimator, label):
    table = doubled(workbench, "train", 200, label=label)
    models = [
        workbench.train(
            table,
            f"m{threads}",
            threads=threads,
            estimator=estimator,
            calibrate={"method": "isotonic", "cv": 2},
            threshold={"maximize": "f1", "validation": 0.3},
            **GIVEN,
        )
        for threads in (1, 2)
    ]
    assert models[0].read_bytes() == models[1].read_bytes()
    loaded = load_model_file(models[0])
    frame = pd.DataFrame({"a": np.linspace(-2, 2, 40), "b": np.linspace(-2, 2, 40)})
    low, high = loaded.signature["classes"]
    said = loaded.estimator.predict_proba(frame)[:, 1] >= loaded.signature["threshold"]
    assert loaded.estimator.predict(frame).tolist() == [high if one else low for one in said]


def test_a_threshold_keeps_its_recall_on_rows_that_nobody_chose_it_on(workbench):
    train, test = doubled(workbench, "train", 3000), doubled(workbench, "test", 3000, 2)
    model = load_model_file(workbench.train(train, threshold={"min_recall": 0.9}, **GIVEN))
    answers = answers_of(model, test)
    assert recall_score(answers.codes, answers.decided) == pytest.approx(0.9, abs=0.03)
    assert 0 < model.signature["threshold"] < 0.5


def test_an_evaluation_scores_the_decisions_of_the_threshold(workbench):
    train, test = doubled(workbench, "train"), doubled(workbench, "test", 600, 2)
    metrics = {}
    for value in (0.5, 0.05):
        model = workbench.train(train, f"m{value}", threshold={"value": value}, features=["a", "b"])
        found = workbench.evaluate(model, test, "recall", "roc_auc")
        metrics[value] = json.loads(found.read_text())["metrics"]
    assert metrics[0.05]["recall"] > metrics[0.5]["recall"]
    assert metrics[0.05]["roc_auc"] == metrics[0.5]["roc_auc"]


def test_scores_do_where_there_are_no_probabilities(workbench):
    table = doubled(workbench, "train")
    given = GIVEN | {"estimator": "sklearn.svm.LinearSVC"}
    model = load_model_file(workbench.train(table, threshold={"min_recall": 0.95}, **given))
    assert not hasattr(model.estimator, "predict_proba")
    assert model.signature["threshold"] < 0
    calibrated = load_model_file(workbench.train(table, calibrate={}, **given))
    assert calibrated.estimator.predict_proba(pd.DataFrame({"a": [0.0], "b": [0.0]})).shape == (1, 2)


def test_three_classes_can_be_calibrated_and_have_no_threshold(workbench):
    labels = np.array(["a", "b", "c"], dtype=object)[np.arange(300) % 3].tolist()
    table = workbench.sample("train", 300, __label__=labels)
    model = load_model_file(workbench.train(table, calibrate={"cv": 2}, split=RANDOM))
    assert model.signature["classes"] == ["a", "b", "c"]
    with pytest.raises(StepFailed, match="a threshold parts two classes, the label has 3"):
        workbench.train(table, threshold={"value": 0.5})


@pytest.mark.parametrize("key", ["calibrate", "threshold"])
def test_a_regression_has_neither(workbench, key):
    table = workbench.sample("train", __label__=pa.array(range(400), pa.int32()))
    with pytest.raises(StepFailed, match=f"`{key}` is for classifiers, and Ridge is none"):
        workbench.train(
            table,
            estimator="sklearn.linear_model.Ridge",
            split=RANDOM,
            **{key: {"value": 0.5} if key == "threshold" else {}},
        )


def test_weights_reach_the_fit_and_the_calibration(workbench):
    table = doubled(workbench, "train", 400)
    weighed = workbench.write(
        "weighed",
        {**{name: pa.parquet.read_table(table).column(name) for name in ("a", "b", "__label__")}}
        | {"__aux__w": np.where(np.arange(400) < 200, 1.0, 0.0)},
    )
    given = GIVEN | {"calibrate": {"validation": 0.5}, "estimator": BAYES}
    models = [
        load_model_file(workbench.train(weighed, "w", sample_weight="w", **given)),
        load_model_file(workbench.train(table, "plain", **given)),
    ]
    frame = pd.DataFrame({"a": [-1.0, 0.0, 1.0], "b": [-1.0, 0.0, 1.0]})
    weighted, plain = (model.estimator.predict_proba(frame) for model in models)
    assert not np.allclose(weighted, plain)
