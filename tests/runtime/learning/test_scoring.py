import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import f1_score, get_scorer, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning import scoring
from mlopsc.vocabulary.metrics import CustomMetric

BINARY = [
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "f1",
    "neg_brier_score",
    "neg_log_loss",
    "precision",
    "recall",
    "roc_auc",
]


def score(model, frame, truth, metrics, functions):
    return scoring.score(scoring.Answers(model, frame, truth), metrics, functions)


def table(rows=200):
    return pd.DataFrame(np.random.default_rng(3).normal(size=(rows, 3)), columns=["a", "b", "c"])


def binary(frame, labels):
    return np.array(labels)[(frame["a"] + 0.5 * frame["b"] > 0).to_numpy().astype(int)]


def test_scores_are_those_of_scikit_learn():
    frame = table()
    truth = binary(frame, [0, 1])
    model = LogisticRegression().fit(frame[["c", "a"]][:100], truth[:100])
    test = frame[["c", "a"]][100:]
    found = score(model, test, truth[100:], BINARY, {})
    expected = {name: get_scorer(name)(model, test, truth[100:]) for name in BINARY}
    assert found.metrics == pytest.approx(expected, abs=1e-15)
    assert list(found.metrics) == BINARY
    assert found.notes == ()


@pytest.mark.parametrize(
    "labels", [[False, True], [1, 2], [0.0, 1.0], np.array(["no", "yes"], dtype=object)], ids=str
)
def test_of_two_classes_the_last_in_order_is_positive_whatever_their_type(labels):
    frame = table()
    codes, truth = binary(frame, [0, 1]), binary(frame, labels)
    same = LogisticRegression().fit(frame[["c", "a"]], codes)
    model = LogisticRegression().fit(frame[["c", "a"]], truth)
    assert score(model, frame[["c", "a"]], truth, BINARY, {}) == score(
        same, frame[["c", "a"]], codes, BINARY, {}
    )


def test_several_classes_have_averaged_scores():
    frame = table()
    truth = pd.cut(frame["a"], 3, labels=["high", "low", "mid"]).astype(object).to_numpy()
    model = LogisticRegression().fit(frame, truth)
    found = score(model, frame, truth, ["f1_macro", "roc_auc_ovr"], {}).metrics
    assert found["f1_macro"] == pytest.approx(f1_score(truth, model.predict(frame), average="macro"))
    proba = model.predict_proba(frame)
    assert found["roc_auc_ovr"] == pytest.approx(roc_auc_score(truth, proba, multi_class="ovr"))


def test_regressions_are_scored_on_the_numbers():
    frame = table()
    truth = frame["a"].to_numpy() * 2
    model = LinearRegression().fit(frame[["b"]], truth)
    found = score(model, frame[["b"]], truth, ["r2", "neg_mean_absolute_error"], {}).metrics
    assert found == {
        name: get_scorer(name)(model, frame[["b"]], truth) for name in ("r2", "neg_mean_absolute_error")
    }


class Counted(LogisticRegression):
    calls = 0

    def predict(self, X):
        type(self).calls += 1
        return super().predict(X)


def test_the_model_is_asked_once_for_all_metrics():
    frame = table()
    truth = binary(frame, [0, 1])
    model = Counted().fit(frame, truth)
    score(model, frame, truth, ["accuracy", "f1", "precision", "recall"], {})
    assert Counted.calls == 1


class CountedScaler(StandardScaler):
    calls = 0

    def transform(self, X):
        type(self).calls += 1
        return super().transform(X)


def test_the_rows_are_prepared_once_for_all_that_a_pipeline_is_asked():
    frame = table()
    truth = binary(frame, ["no", "yes"])
    model = make_pipeline(CountedScaler(), PCA(2), LogisticRegression()).fit(frame, truth)
    answers = scoring.Answers(model, frame, truth)
    CountedScaler.calls = 0
    scoring.score(answers, ["accuracy", "roc_auc", "neg_log_loss"], {})
    assert CountedScaler.calls == 1
    for name in ("predict", "predict_proba", "decision_function"):
        assert (answers.ask(name) == getattr(model, name)(frame)).all()


def test_ranking_scores_take_a_decision_function_where_there_are_no_probabilities():
    frame = table()
    truth = binary(frame, ["no", "yes"])
    assert score(LinearSVC().fit(frame, truth), frame, truth, ["roc_auc"], {}).metrics["roc_auc"] > 0.9


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("f1", "metric 'f1' cannot be computed for this model: Target is multiclass"),
        ("roc_auc", "metric 'roc_auc' cannot be computed for this model: multi_class must be in"),
        ("no_such", "metric 'no_such' cannot be computed for this model: 'no_such' is not a valid scoring"),
    ],
)
def test_a_metric_of_another_task_is_an_error(metric, said):
    frame = table()
    truth = np.arange(200) % 3
    with pytest.raises(StepFailed, match=said):
        score(LogisticRegression().fit(frame, truth), frame, truth, [metric], {})


def test_probabilities_of_a_model_without_any_are_an_error():
    frame = table()
    truth = binary(frame, [0, 1])
    with pytest.raises(StepFailed, match="metric 'neg_log_loss' cannot be computed"):
        score(LinearSVC().fit(frame, truth), frame, truth, ["neg_log_loss"], {})


def test_nan_is_null_and_the_warning_is_a_note(capfd):
    frame = table()
    model = LogisticRegression().fit(frame, binary(frame, [0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = score(model, frame, np.zeros(200, dtype=int), ["roc_auc"], {})
    assert found.metrics == {"roc_auc": None}
    assert found.notes[0].startswith("roc_auc: Only one class is present in y_true.")
    assert found.notes[1] == "roc_auc: the value is nan"
    assert capfd.readouterr() == ("", "")


def test_without_rows_there_are_no_values():
    frame = table()
    model = LogisticRegression().fit(frame, binary(frame, [0, 1]))
    found = score(model, frame[:0], np.array([], dtype=int), ["roc_auc", "f1"], {})
    assert found.metrics == {"roc_auc": None, "f1": None}
    assert found.notes == ("there are no rows to score",)


def test_a_class_that_the_train_part_lacked_counts_as_wrong():
    frame = table(4)
    model = LogisticRegression().fit(table(), binary(table(), ["no", "yes"]))
    predicted = model.predict(frame)
    truth = np.array(["other", *predicted[1:]], dtype=object)
    assert score(model, frame, truth, ["accuracy"], {}).metrics == {"accuracy": 0.75}


def test_custom_metrics_see_labels_predictions_and_the_positive_probability():
    frame = table()
    truth = binary(frame, ["no", "yes"])
    model = LogisticRegression().fit(frame, truth)
    seen = {}

    def cost(y_true, y_pred, y_score):
        seen.update(true=y_true, pred=y_pred, score=y_score)
        return np.float32(2.5)

    metric = CustomMetric(name="cost", python="m:cost", greater_is_better=False)
    assert score(model, frame, truth, [metric], {"cost": cost}).metrics == {"cost": 2.5}
    assert seen["true"].tolist() == truth.tolist()
    assert seen["pred"].tolist() == model.predict(frame).tolist()
    np.testing.assert_array_equal(seen["score"], model.predict_proba(frame)[:, 1])


def test_custom_metrics_get_the_matrix_for_several_classes_and_none_for_numbers():
    frame = table()
    metric, seen = CustomMetric(name="m", python="m:f"), []

    def function(y_true, y_pred, y_score):
        seen.append(y_score)
        return 0.0

    several = LogisticRegression().fit(frame, np.arange(200) % 3)
    score(several, frame, np.arange(200) % 3, [metric], {"m": function})
    number = LinearRegression().fit(frame, frame["a"])
    score(number, frame, frame["a"].to_numpy(), [metric], {"m": function})
    assert seen[0].shape == (200, 3)
    assert seen[1] is None


def _raises(y_true, y_pred, y_score):
    raise ZeroDivisionError("no rows")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (_raises, "metric 'm' raised ZeroDivisionError: no rows"),
        (lambda *_: "good", "metric 'm' returned 'good': expected a number"),
    ],
)
def test_a_broken_custom_metric_is_named(function, said):
    frame = table()
    model = LinearRegression().fit(frame, frame["a"])
    with pytest.raises(StepFailed, match=said):
        score(model, frame, frame["a"].to_numpy(), [CustomMetric(name="m", python="m:f")], {"m": function})


def test_infinity_is_null_with_a_note():
    frame = table()
    model = LinearRegression().fit(frame, frame["a"])
    metric = CustomMetric(name="m", python="m:f")
    found = score(model, frame, frame["a"].to_numpy(), [metric], {"m": lambda *_: float("inf")})
    assert (found.metrics, found.notes) == ({"m": None}, ("m: the value is inf",))
