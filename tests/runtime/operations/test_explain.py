"""Explanations: importance and dependence of real models, against scikit-learn's own."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.inspection import partial_dependence

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.learning.fitted import answers_of
from mlopsc.runtime.models.archive import load_model_file

RIDGE, BOOSTER = "sklearn.linear_model.Ridge", "sklearn.ensemble.HistGradientBoostingRegressor"


def importances(found):
    return {one["feature"]: one["mean"] for one in found["importance"]}


def on(found, feature):
    return next(one for one in found["dependence"] if one["feature"] == feature)


def test_what_the_label_depends_on_matters_most(workbench):
    model, test = workbench.train(workbench.sample("train")), workbench.sample("test", 300, 1000)
    found = read_json(workbench.explain(model, test))
    assert (found["task"], found["response"], found["metric"]) == ("binary", "predict_proba", "roc_auc")
    assert (found["rows"], found["test_rows"], found["training"]) == (300, 300, "t")
    assert found["importance"][0]["feature"] == "a"
    first, *others = importances(found).values()
    assert first > 0.2 > 0.05 > max(map(abs, others))
    losses = found["importance"][0]["losses"]
    assert found["importance"][0]["mean"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert found["importance"][0]["std"] == pytest.approx(np.std(losses), rel=1e-3)
    assert len(losses) == 5
    dependence = on(found, "a")
    assert dependence["mean"] == sorted(dependence["mean"])
    assert all(
        low <= mean <= high
        for low, mean, high in zip(*(dependence[k] for k in ("low", "mean", "high")), strict=True)
    )
    assert on(found, "c")["values"] == ["x", "y", None]
    assert sum(on(found, "c")["rows"]) == 300


def test_a_shuffled_column_loses_what_scikit_learn_says_it_does(workbench):
    """The same order of rows, shuffled by hand, costs the metric as much."""
    model, test = workbench.train(workbench.sample("train")), workbench.sample("test", 200, 1000)
    found = read_json(workbench.explain(model, test, "accuracy", explanation={"repeats": 2}))
    answers = answers_of(load_model_file(model), test)
    table, pipeline = answers.table.copy(), answers.model
    table["a"] = table["a"].to_numpy()[np.random.RandomState([3, 0, 1]).permutation(200)]
    lost = (pipeline.predict(answers.table) == answers.truth).mean() - (
        pipeline.predict(table) == answers.truth
    ).mean()
    losses = next(one["losses"] for one in found["importance"] if one["feature"] == "a")
    assert losses[1] == pytest.approx(lost, rel=1e-5)


def test_dependence_is_that_of_scikit_learn(workbench):
    chance = np.random.default_rng(0)
    a, b = chance.normal(size=400), chance.integers(0, 5, 400)
    columns = {"a": a, "b": b, "__label__": np.sin(a) + b}
    table = workbench.write("train", columns)
    model = workbench.train(table, estimator=BOOSTER, features=["a", "b"], params={"max_iter": 20})
    found = read_json(workbench.explain(model, table, "r2"))
    assert (found["task"], found["response"]) == ("regression", "predict")
    answers = answers_of(load_model_file(model), table)
    for feature in ("a", "b"):
        mine = on(found, feature)
        grid = {feature: np.array(mine["values"])}
        theirs = partial_dependence(
            answers.model, answers.table, [feature], custom_values=grid, method="brute"
        )
        assert mine["mean"] == pytest.approx(theirs["average"][0], rel=1e-5)
    assert on(found, "b")["values"] == [0, 1, 2, 3, 4]
    assert np.quantile(a, [0.05, 0.95]) == pytest.approx(
        np.array(on(found, "a")["values"])[[0, -1]], rel=1e-5
    )


def test_each_of_several_classes_has_a_line(workbench):
    chance = np.random.default_rng(0)
    a = chance.normal(size=300)
    label = np.where(a < -0.5, "low", np.where(a > 0.5, "high", "middle")).tolist()
    table = workbench.write("train", {"a": a, "b": chance.choice([True, False], 300), "__label__": label})
    model = workbench.train(table, features=["a", "b"])
    found = read_json(workbench.explain(model, table, "accuracy", explanation={"top": 2}))
    assert found["task"] == "multiclass"
    dependence = on(found, "a")
    assert dependence["classes"] == ["high", "low", "middle"]
    assert np.sum(dependence["means"], axis=0) == pytest.approx(np.ones(20), abs=1e-5)
    assert dependence["means"][0][-1] > 0.9
    low, mean, high = (np.array(dependence[key]) for key in ("lows", "means", "highs"))
    assert ((low <= mean) & (mean <= high)).all()
    assert (low < high).any()  # rows differ in b
    assert on(found, "b")["values"] == [False, True]


def test_bytes_are_the_same_twice_and_rows_are_drawn_by_the_seed(workbench):
    model, test = workbench.train(workbench.sample("train")), workbench.sample("test", 300, 1000)
    few = {"explanation": {"rows": 50, "repeats": 2, "top": 1}}
    first = workbench.explain(model, test, **few).read_bytes()
    assert workbench.explain(model, test, **few).read_bytes() == first
    assert workbench.explain(model, test, seed=4, **few).read_bytes() != first
    found = read_json(workbench.explain(model, test, **few))
    assert (found["rows"], found["test_rows"], len(found["dependence"])) == (50, 300, 1)


def test_of_a_metric_of_which_less_is_better_more_is_lost(workbench):
    (workbench.context.project / "own_loss.py").write_text(
        "def wrong(y_true, y_pred, y_score):\n    return float((y_true != y_pred).mean())\n"
    )
    metric = {"name": "wrong", "python": "own_loss:wrong", "greater_is_better": False}
    model, test = workbench.train(workbench.sample("train")), workbench.sample("test", 200, 1000)
    assert importances(read_json(workbench.explain(model, test, metric)))["a"] > 0.1


def test_a_users_estimator_and_one_without_scores_are_explained(workbench):
    (workbench.context.project / "own_rule.py").write_text(
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "import numpy as np\n"
        "class Rule(ClassifierMixin, BaseEstimator):\n"
        "    def fit(self, table, label):\n"
        "        self.classes_ = np.unique(label)\n"
        "        return self\n"
        "    def predict(self, table):\n"
        "        return np.asarray(table)[:, 0] > 0\n"
        "def make(params, seed):\n    return Rule()\n"
    )
    own = {"python": "own_rule:make"}
    model = workbench.train(workbench.sample("train"), features=["a", "b"], estimator=own)
    test = workbench.sample("test", 200, 1000)
    found = read_json(workbench.explain(model, test, "accuracy", code=["own_rule:make"]))
    assert importances(found)["a"] > 0.2
    assert importances(found)["b"] == 0
    assert "neither predict_proba nor decision_function" in on(found, "a")["unavailable"]


def test_an_empty_column_and_many_categories_are_told(workbench):
    columns = {"b": pa.array([None] * 400, pa.int64()), "c": [f"k{place % 30:02}" for place in range(400)]}
    table = workbench.sample("train", **columns)
    model = workbench.train(workbench.sample("other", c=columns["c"]))
    found = read_json(workbench.explain(model, table))
    assert on(found, "b")["values"] == [None]
    assert (len(on(found, "c")["values"]), on(found, "c")["left_out"]) == (20, 10)


def test_a_metric_without_a_value_ranks_nothing(workbench):
    model = workbench.train(workbench.sample("train"))
    one = workbench.sample("test", 40, 1000, __label__=[True] * 40)
    found = read_json(workbench.explain(model, one))
    assert found["score"] is None
    assert set(importances(found).values()) == {None}


def test_a_metric_of_another_task_is_an_error(workbench):
    model = workbench.train(workbench.sample("train"), estimator=RIDGE)
    with pytest.raises(StepFailed, match="metric 'neg_log_loss' cannot be computed"):
        workbench.explain(model, workbench.sample("test", 60, 1000), "neg_log_loss")
