import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from sklearn.svm import LinearSVC

from mlopsc.runtime.learning.curves import curves
from mlopsc.runtime.learning.curves.confusion import CLASSES
from mlopsc.runtime.learning.curves.ranking import POINTS
from mlopsc.runtime.learning.scoring import Answers, score
from mlopsc.runtime.store import canonical_json


class Scored(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose probabilities are those of the table's columns."""

    def __init__(self, classes, **answers):
        self.classes_ = np.asarray(classes)
        for name, function in answers.items():
            setattr(self, name, function)

    def predict_proba(self, table):
        columns = table.to_numpy()
        return np.column_stack([1 - columns, columns]) if columns.shape[1] == 1 else columns

    def predict(self, table):
        return self.classes_[np.argmax(self.predict_proba(table), axis=1)]


class Regression:
    """A fitted regressor that predicts its table's first column."""

    def predict(self, table):
        return table["a"].to_numpy()


def binary(rows, *, digits=None, seed=3):
    """Return scores (rounded, they have ties) and labels that follow them roughly."""
    random = np.random.default_rng(seed)
    scores = random.beta(2, 3, rows)
    labels = random.random(rows) < scores
    return pd.DataFrame({"a": scores if digits is None else scores.round(digits)}), labels


def of_binary(table, labels, classes=(False, True)):
    return curves(Answers(Scored(classes), table, labels))


def off_the_line(xs, ys, px, py):
    """Return the distance of a point from a line through points."""
    start = np.column_stack([xs[:-1], ys[:-1]])
    step = np.diff(np.column_stack([xs, ys]), axis=0)
    share = ((np.array([px, py]) - start) * step).sum(axis=1) / (step**2).sum(axis=1)
    return np.abs(start + step * share.clip(0, 1)[:, None] - [px, py]).sum(axis=1).min()


@pytest.mark.parametrize("digits", [None, 1], ids=["distinct", "ties"])
def test_few_points_of_a_roc_curve_are_those_of_scikit_learn(digits):
    table, labels = binary(60, digits=digits)
    found = of_binary(table, labels)["roc"]
    x, y, thresholds = roc_curve(labels, table["a"], drop_intermediate=False)
    assert found["thresholds"][0] is None
    kept = [0, *(np.argmin(np.abs(thresholds - value)) for value in found["thresholds"][1:])]
    assert found["false_positive_rate"] == pytest.approx(x[kept], rel=1e-5)
    assert found["true_positive_rate"] == pytest.approx(y[kept], rel=1e-5)
    line = found["false_positive_rate"], found["true_positive_rate"]
    assert max(off_the_line(*line, px, py) for px, py in zip(x, y, strict=True)) < 2e-6
    assert found["area"] == pytest.approx(roc_auc_score(labels, table["a"]), rel=1e-5)


@pytest.mark.parametrize("digits", [None, 3], ids=["distinct", "ties"])
def test_many_points_of_a_roc_curve_keep_its_shape(digits):
    table, labels = binary(30_000, digits=digits)
    found = of_binary(table, labels)["roc"]
    x, y, _ = roc_curve(labels, table["a"], drop_intermediate=False)
    assert len(found["thresholds"]) <= POINTS
    line = found["false_positive_rate"], found["true_positive_rate"]
    assert max(off_the_line(*line, px, py) for px, py in zip(x[::50], y[::50], strict=True)) < 0.01
    drawn = auc(found["false_positive_rate"], found["true_positive_rate"])
    assert drawn == pytest.approx(found["area"], abs=2e-4)
    assert found["area"] == pytest.approx(roc_auc_score(labels, table["a"]), rel=1e-5)
    assert found["rows"] == {"positive": int(labels.sum()), "negative": int((~labels).sum())}


def test_collinear_points_are_left_out():
    table, labels = pd.DataFrame({"a": [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]}), np.array([0, 0, 0, 1, 1, 1])
    found = of_binary(table, labels, [0, 1])["roc"]
    assert found["false_positive_rate"] == [0, 0, 1]
    assert found["true_positive_rate"] == [0, 1, 1]
    assert found["thresholds"] == [None, 0.7, 0.1]
    assert found["area"] == 1


def test_gain_is_the_share_of_positive_rows_among_the_highest_scores():
    table, labels = binary(1000)
    found = of_binary(table, labels)["lift"]
    ranked = labels[np.argsort(-table["a"].to_numpy())]
    for one in found["tenths"]:
        taken = round(one["share_of_rows"] * 1000)
        assert one["gain"] == pytest.approx(ranked[:taken].sum() / labels.sum(), rel=1e-5)
        assert one["lift"] == pytest.approx(ranked[:taken].mean() / labels.mean(), rel=1e-5)
    assert (found["share_of_rows"][0], found["gain"][0]) == (0, 0)
    assert (found["share_of_rows"][-1], found["gain"][-1]) == (1, 1)
    assert len(found["gain"]) <= POINTS
    assert found["base_rate"] == pytest.approx(labels.mean(), rel=1e-5)


def test_a_score_that_knows_nothing_lifts_nothing():
    found = of_binary(pd.DataFrame({"a": np.full(40, 0.5)}), np.arange(40) % 4 == 0)["lift"]
    assert {one["lift"] for one in found["tenths"]} == {1.0}


@pytest.mark.parametrize("digits", [None, 1], ids=["distinct", "ties"])
def test_precision_and_recall_are_those_of_scikit_learn(digits):
    table, labels = binary(150, digits=digits)
    found = of_binary(table, labels)["precision_recall"]
    precision, recall, thresholds = precision_recall_curve(labels, table["a"])
    assert found["recall"] == pytest.approx(recall[:-1][::-1], rel=1e-5)
    assert found["precision"] == pytest.approx(precision[:-1][::-1], rel=1e-5)
    assert found["thresholds"] == pytest.approx(thresholds[::-1], rel=1e-5)
    assert found["average_precision"] == pytest.approx(average_precision_score(labels, table["a"]), rel=1e-5)
    assert found["base_rate"] == pytest.approx(labels.mean(), rel=1e-5)


@pytest.mark.parametrize("digits", [None, 2], ids=["distinct", "ties"])
def test_calibration_is_that_of_scikit_learn(digits):
    table, labels = binary(5000, digits=digits)
    bins = of_binary(table, labels)["calibration"]["bins"]
    observed, predicted = calibration_curve(labels, table["a"], n_bins=10, strategy="quantile")
    assert [one["observed"] for one in bins] == pytest.approx(observed, rel=1e-5)
    assert [one["predicted"] for one in bins] == pytest.approx(predicted, rel=1e-5)
    assert sum(one["rows"] for one in bins) == 5000
    assert sum(one["positive"] for one in bins) == labels.sum()


def test_equal_probabilities_share_a_bin():
    table, labels = pd.DataFrame({"a": [0.2] * 6 + [0.9]}), np.array([0, 1, 0, 0, 0, 0, 1])
    bins = of_binary(table, labels, [0, 1])["calibration"]["bins"]
    assert [(one["rows"], one["positive"]) for one in bins] == [(6, 1), (1, 1)]


def test_scores_are_counted_by_class():
    table, labels = binary(1000)
    found = of_binary(table, labels)["scores"]
    for side, chosen in (("positive", labels), ("negative", ~labels)):
        assert found[side] == np.histogram(table["a"][chosen], bins=20, range=(0, 1))[0].tolist()
    assert found["edges"][::10] == [0, 0.5, 1]


@pytest.mark.parametrize(
    "classes", [[0, 1], [False, True], np.array(["no", "yes"], dtype=object)], ids=["0/1", "bool", "text"]
)
def test_confusion_is_that_of_scikit_learn_whatever_the_labels(classes):
    table, labels = binary(300)
    truth = np.asarray(classes)[labels.astype(int)]
    found = of_binary(table, truth, classes)
    assert found["confusion"]["counts"] == confusion_matrix(labels, table["a"] > 0.5).tolist()
    assert found["confusion"]["labels"] == found["classes"] == list(classes)
    assert found["positive"] == classes[1]


def test_the_model_is_not_asked_again():
    asked = []

    class Counted(LogisticRegression):
        def predict(self, X):
            asked.append("predict")
            return super().predict(X)

        def predict_proba(self, X):
            asked.append("predict_proba")
            return super().predict_proba(X)

    table, labels = binary(200)
    model = Counted().fit(table, labels)
    for metrics, questions in (
        (["roc_auc", "neg_brier_score"], ["predict_proba"]),
        (["accuracy", "roc_auc"], ["predict", "predict_proba"]),
    ):
        asked.clear()
        answers = Answers(model, table, labels)
        score(answers, metrics, {})
        found = curves(answers)
        assert asked == questions
        assert found["confusion"]["decided_by"] == ("predict" if "accuracy" in metrics else "predict_proba")
        assert found["confusion"]["counts"] == confusion_matrix(labels, model.predict(table)).tolist()


def test_of_many_rows_what_no_metric_asked_for_is_asked_about_a_sample():
    sizes = []

    class Sized(Scored):
        def predict_proba(self, table):
            sizes.append(len(table))
            return super().predict_proba(table)

        def predict(self, table):
            return np.repeat(self.classes_, [len(table) - 5, 5])

    table, labels = binary(250_000)
    answers = Answers(Sized([False, True]), table, labels)
    score(answers, ["accuracy"], {})
    found = curves(answers)
    assert sizes == [83_334]
    assert np.sum(found["confusion"]["counts"]) == 250_000
    assert found["roc"]["rows"] == {"positive": labels[::3].sum(), "negative": (~labels[::3]).sum()}
    assert found["roc"]["area"] == pytest.approx(roc_auc_score(labels[::3], table["a"][::3]), rel=1e-5)


def test_without_probabilities_scores_rank_and_calibration_says_why_not():
    table, labels = binary(300)
    found = curves(Answers(LinearSVC().fit(table, labels), table, labels))
    assert found["roc"]["scored_by"] == found["scores"]["scored_by"] == "decision_function"
    assert found["calibration"]["unavailable"].startswith("the estimator gives scores, no probabilities")
    assert found["scores"]["edges"][0] < 0 < found["scores"]["edges"][-1]
    assert found["confusion"]["decided_by"] == "predict"


class Classes:
    classes_ = np.array([0, 1])

    def predict(self, table):
        return (table["a"] > 0.5).astype(int).to_numpy()


def test_a_classifier_without_scores_has_its_confusion():
    table, labels = binary(50)
    found = curves(Answers(Classes(), table, labels.astype(int)))
    assert found["confusion"]["counts"] == confusion_matrix(labels, table["a"] > 0.5).tolist()
    for chart in ("roc", "precision_recall", "lift", "scores"):
        assert "neither predict_proba nor decision_function" in found[chart]["unavailable"]


@pytest.mark.parametrize("label", [False, True])
def test_one_class_leaves_what_needs_no_other(label):
    table, _ = binary(30)
    found = of_binary(table, np.full(30, label))
    for chart in ("roc", "precision_recall", "lift"):
        assert found[chart]["unavailable"].startswith("the labels of the test part are all the same")
    assert sum(found["scores"]["positive"]) == (30 if label else 0)
    assert sum(one["rows"] for one in found["calibration"]["bins"]) == 30


@pytest.mark.parametrize("model", [Scored([0, 1]), Scored([0, 1, 2]), Regression()])
def test_without_rows_every_chart_says_so(model):
    found = curves(Answers(model, pd.DataFrame({"a": np.array([])}), np.array([], dtype=np.int64)))
    charts = {name: chart for name, chart in found.items() if isinstance(chart, dict)}
    assert len(charts) in (2, 3, 6)
    assert {chart["unavailable"] for chart in charts.values()} == {"the test part has no rows"}


def nan_for_some(table):
    found = np.column_stack([1 - table["a"], table["a"]])
    found[:3] = np.nan
    return found


def fails(table):
    raise ZeroDivisionError("no\nway")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (nan_for_some, "3 of 100 answers of predict_proba are not finite (NaN or infinite)"),
        (fails, "predict_proba raised ZeroDivisionError: no way"),
        (lambda table: np.ones((100, 3)), "predict_proba gave an array of shape (100, 3): expected (100,)"),
        (lambda table: np.ones((7, 2)), "predict_proba gave an array of shape (7, 2) for 100 rows"),
        (lambda table: np.full((100, 2), "x"), "the answers of predict_proba are no numbers"),
    ],
)
def test_answers_that_cannot_be_drawn_are_told(answer, said):
    table, labels = binary(100)
    found = curves(Answers(Scored([False, True], predict_proba=answer), table, labels))
    for chart in ("roc", "precision_recall", "lift", "calibration", "scores", "confusion"):
        assert found[chart] == {"unavailable": said}


def test_labels_that_the_model_never_saw_are_told_apart():
    table = pd.DataFrame({"a": [0.1, 0.2, 0.8, 0.9]})
    found = of_binary(table, np.array(["no", "zebra", "yes", "ant"], dtype=object), ["no", "yes"])[
        "confusion"
    ]
    assert found["labels"] == ["no", "yes", "ant", "zebra"]
    assert found["unseen"] == ["ant", "zebra"]
    assert found["counts"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]


def test_what_a_model_says_beyond_its_classes_is_counted_apart():
    table, labels = binary(10)
    found = curves(Answers(Scored([0, 1], predict=lambda table: np.full(10, 7)), table, labels.astype(int)))
    assert found["confusion"]["decided_by"] == "predict_proba"
    answers = Answers(Scored([0, 1], predict=lambda table: np.full(10, 7)), table, labels.astype(int))
    answers.ask("predict")
    found = curves(answers)["confusion"]
    assert found["others"] is True
    assert found["counts"] == [[0, 0, int((~labels).sum())], [0, 0, int(labels.sum())], [0, 0, 0]]


def test_predictions_that_are_no_labels_are_told():
    table, labels = binary(3)
    odd = np.array([{}, [], 1], dtype=object)
    answers = Answers(Classes(), table, labels.astype(int))
    answers._kept["predict"] = odd
    assert "what predict gave are no labels" in curves(answers)["confusion"]["unavailable"]


def several(rows, classes, seed=5):
    random = np.random.default_rng(seed)
    proba = random.dirichlet(np.ones(classes), rows)
    truth = np.array([random.choice(classes, p=row) for row in proba])
    return pd.DataFrame(proba, columns=[f"c{number}" for number in range(classes)]), truth


def test_several_classes_have_a_curve_each_against_the_others():
    table, codes = several(500, 3)
    names = np.array(["high", "low", "mid"], dtype=object)
    found = curves(Answers(Scored(names), table, names[codes]))
    assert found["task"] == "multiclass"
    assert found["confusion"]["counts"] == confusion_matrix(codes, table.to_numpy().argmax(axis=1)).tolist()
    for code, curve in enumerate(found["roc"]["curves"]):
        assert curve["class"] == names[code]
        assert curve["area"] == pytest.approx(roc_auc_score(codes == code, table[f"c{code}"]), rel=1e-5)
        assert len(curve["thresholds"]) <= POINTS // 2
    assert found["roc"]["left_out"] == 0


def test_a_class_without_rows_says_so():
    table, codes = several(50, 3)
    found = curves(Answers(Scored([0, 1, 2]), table[codes < 2], codes[codes < 2]))
    assert found["roc"]["curves"][2] == {"class": 2, "unavailable": "none of the rows have this label"}


def test_of_many_classes_the_commonest_are_shown():
    table, codes = several(3000, 50)
    codes[:1500] = 41
    found = curves(Answers(Scored(np.arange(50)), table, codes))
    assert len(found["roc"]["curves"]) == len(found["confusion"]["labels"]) == CLASSES
    assert found["roc"]["left_out"] == 50 - CLASSES
    assert 41 in found["confusion"]["labels"]
    assert found["confusion"]["others"] is True
    assert np.sum(found["confusion"]["counts"]) == 3000
    assert len(canonical_json(found)) < 60_000


def numbers(rows, seed=2):
    random = np.random.default_rng(seed)
    predicted = random.normal(size=rows)
    return pd.DataFrame({"a": predicted}), predicted + random.normal(scale=0.5, size=rows)


def test_few_rows_of_a_regression_keep_their_pairs():
    table, truth = numbers(100)
    found = curves(Answers(Regression(), table, truth))
    assert found["predicted"]["actual"] == pytest.approx(truth.tolist(), rel=1e-5)
    assert found["predicted"]["predicted"] == pytest.approx(table["a"].tolist(), rel=1e-5)


def test_many_rows_are_counted_on_a_grid():
    table, truth = numbers(20_000)
    chart = curves(Answers(Regression(), table, truth))["predicted"]
    inside = (np.array([truth, table["a"]]) >= chart["edges"][0]) & (
        np.array([truth, table["a"]]) <= chart["edges"][-1]
    )
    assert chart["outside"] == 20_000 - inside.all(axis=0).sum()
    assert sum(rows for _, _, rows in chart["cells"]) + chart["outside"] == 20_000
    counted, _, _ = np.histogram2d(truth, table["a"], bins=[chart["edges"], chart["edges"]])
    assert all(abs(counted[i, j] - rows) <= 1 for i, j, rows in chart["cells"])  # the edges are rounded
    assert len(canonical_json(chart)) < 25_000


def test_residuals_are_actual_minus_predicted():
    table, truth = numbers(5000)
    rest = truth - table["a"].to_numpy()
    found = curves(Answers(Regression(), table, truth))
    assert found["residuals"]["mean"] == pytest.approx(rest.mean(), rel=1e-4)
    assert found["residuals"]["quantiles"]["0.05"] == pytest.approx(np.quantile(rest, 0.05), rel=1e-5)
    counts = found["residuals"]["counts"]
    assert found["residuals"]["below"] + sum(counts) + found["residuals"]["above"] == 5000
    edges = found["residuals"]["edges"]
    np.testing.assert_allclose(counts, np.histogram(rest, edges)[0], atol=1)
    bins = found["residuals_by_prediction"]["bins"]
    assert [one["rows"] for one in bins] == [500] * 10
    lowest = np.argsort(table["a"].to_numpy())[:500]
    assert bins[0]["predicted"] == pytest.approx(table["a"].to_numpy()[lowest].mean(), rel=1e-5)
    assert bins[0]["quantiles"]["0.5"] == pytest.approx(np.median(rest[lowest]), rel=1e-5)


@pytest.mark.parametrize("value", [0.0, 5.0, -1e-300])
def test_a_constant_prediction_and_label_are_drawn(value):
    table, truth = pd.DataFrame({"a": np.full(500, value)}), np.full(500, value)
    found = curves(Answers(Regression(), table, truth))
    assert sum(found["residuals"]["counts"]) == 500
    assert sum(rows for _, _, rows in found["predicted"]["cells"]) == 500
    assert len(found["residuals_by_prediction"]["bins"]) == 1


@pytest.mark.parametrize(
    ("predicted", "said"),
    [
        ([1.0, np.nan, np.inf], "2 of 3 predictions are not finite (NaN or infinite)"),
        ([1e308, 1e308, -1e308], "its numbers are too large"),
    ],
)
def test_numbers_that_cannot_be_drawn_are_told(predicted, said):
    table, truth = pd.DataFrame({"a": predicted}), np.array([-1e308, 0.0, 1e308])
    found = curves(Answers(Regression(), table, truth))
    assert found["residuals"] == found["residuals_by_prediction"] == {"unavailable": said}


def test_the_order_of_rows_and_their_number_of_threads_change_nothing():
    table, labels = binary(4000, digits=2)
    shuffled = np.random.default_rng(1).permutation(4000)
    first = of_binary(table, labels)
    second = of_binary(table.iloc[shuffled], labels[shuffled])
    assert canonical_json(first["roc"]) == canonical_json(second["roc"])
    assert canonical_json(first["confusion"]) == canonical_json(second["confusion"])
    assert canonical_json(first["calibration"]) == canonical_json(second["calibration"])


def test_curves_are_json_and_small():
    random = np.random.default_rng(0)
    table = pd.DataFrame({"a": random.random(200_000)})
    found = of_binary(table, random.random(200_000) < table["a"])
    assert json.loads(canonical_json(found)) == found
    assert len(canonical_json(found)) < 20_000


def test_a_real_regression_is_drawn():
    table, truth = numbers(1000)
    found = curves(Answers(LinearRegression().fit(table, truth), table, truth))
    assert found["residuals"]["mean"] == pytest.approx(0, abs=1e-6)
