"""What was recorded of a model scores as the model itself does."""

import numpy as np
import pytest

from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.learning.fitted import answers_of, open_model
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.scoring import score

RANKED = ("roc_auc", "average_precision", "neg_log_loss", "accuracy", "f1")
SEVERAL = ("accuracy", "f1_macro", "roc_auc_ovr", "neg_log_loss")


def labels(kind, rows):
    chance = np.random.default_rng(rows)
    return {
        "numbers": chance.integers(0, 2, rows),
        "truths": chance.integers(0, 2, rows).astype(bool),
        "words": np.where(chance.integers(0, 2, rows) == 1, "yes", "no").astype(object),
        "several": np.array(["a", "b", "c"], dtype=object)[chance.integers(0, 3, rows)],
    }[kind]


@pytest.mark.parametrize("kind", ["numbers", "truths", "words", "several"])
@pytest.mark.parametrize(
    "estimator", ["linear_model.LogisticRegression", "ensemble.RandomForestClassifier", "svm.SVC"]
)
def test_recorded_classifications_score_as_the_model_does(workbench, kind, estimator):
    metrics = SEVERAL if kind == "several" else RANKED
    if estimator == "svm.SVC":
        metrics = ("accuracy",) if kind == "several" else ("roc_auc", "accuracy")
    table = workbench.sample("train", 300, __label__=labels(kind, 300))
    test = workbench.sample("test", 120, 1000, __label__=labels(kind, 120))
    model = workbench.train(table, estimator=f"sklearn.{estimator}")
    found = workbench.evaluate(model, test, *metrics, scored=True)
    scored = Scored.read(found.with_suffix(".scored"))
    assert score(scored.answers(), metrics, {}).metrics == read_json(found)["metrics"]

    chosen = np.arange(len(scored)) % 3 == 0
    part = answers_of(open_model(model, (), workbench.context.project), test, chosen)
    assert score(scored.of(chosen).answers(), metrics, {}).metrics == score(part, metrics, {}).metrics


def test_recorded_regressions_score_as_the_model_does(workbench):
    chance = np.random.default_rng(3)
    table = workbench.sample("train", 300, __label__=chance.normal(size=300))
    test = workbench.sample("test", 120, 1000, __label__=chance.normal(size=120))
    model = workbench.train(table, estimator="sklearn.linear_model.Ridge")
    metrics = ("r2", "neg_mean_absolute_error")
    found = workbench.evaluate(model, test, *metrics, scored=True)
    scored = Scored.read(found.with_suffix(".scored"))
    assert scored.classes is None
    assert score(scored.answers(), metrics, {}).metrics == read_json(found)["metrics"]


def test_a_class_that_the_model_never_saw_stays_a_miss(workbench):
    table = workbench.sample("train", 300, __label__=labels("words", 300))
    seen = labels("words", 120)
    seen[:40] = "perhaps"
    test = workbench.sample("test", 120, 1000, __label__=seen)
    found = workbench.evaluate(workbench.train(table), test, "accuracy", scored=True)
    scored = Scored.read(found.with_suffix(".scored"))
    assert score(scored.answers(), ["accuracy"], {}).metrics == read_json(found)["metrics"]
