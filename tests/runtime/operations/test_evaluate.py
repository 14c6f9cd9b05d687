from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import read_json

PENGUINS = Path(__file__).parents[4] / "shared" / "data" / "penguins.csv"


def test_metrics_are_canonical_json_and_the_same_twice(workbench):
    model = workbench.train(workbench.sample("train"))
    test = workbench.sample("test", 100, 1000)
    first = workbench.evaluate(model, test, "roc_auc", "accuracy").read_bytes()
    assert workbench.evaluate(model, test, "roc_auc", "accuracy").read_bytes() == first
    found = read_json(workbench.evaluate(model, test, "roc_auc", "accuracy"))
    assert (found["training"], found["rows"], found["notes"]) == ("t", 100, [])
    assert 0.7 < found["metrics"]["roc_auc"] < 1


def test_a_forest_trained_with_two_jobs_is_scored_like_one_trained_with_one(workbench):
    table, test = workbench.sample("train"), workbench.sample("test", 300, 1000)
    forest = "sklearn.ensemble.RandomForestClassifier"
    scores = []
    for jobs in (1, 2):
        model = workbench.train(
            table, f"m{jobs}", estimator=forest, params={"n_estimators": 30, "n_jobs": jobs}
        )
        scores.append(workbench.evaluate(model, test, "neg_log_loss", "roc_auc").read_bytes())
    assert scores[0] == scores[1]


def test_other_dtypes_unseen_categories_and_nulls_are_scored(workbench):
    model = workbench.train(workbench.sample("train"))
    test = workbench.sample("test", 60, 1000, b=[1.5, None] * 30, c=["never seen", None] * 30)
    assert read_json(workbench.evaluate(model, test))["metrics"]["roc_auc"] > 0.6


def test_a_users_metric_is_computed_on_labels(workbench):
    (workbench.context.project / "own_metrics.py").write_text(
        "def share(y_true, y_pred, y_score):\n    return float((y_score > 0.5).mean())\n"
    )
    model = workbench.train(workbench.sample("train"))
    metric = {"name": "share", "python": "own_metrics:share"}
    found = read_json(workbench.evaluate(model, workbench.sample("test", 60, 1000), metric, "accuracy"))
    assert list(found["metrics"]) == ["accuracy", "share"]
    assert 0 < found["metrics"]["share"] < 1


def test_a_metric_of_another_task_is_an_error(workbench):
    model = workbench.train(workbench.sample("train"), estimator="sklearn.linear_model.Ridge")
    with pytest.raises(StepFailed, match="metric 'neg_log_loss' cannot be computed"):
        workbench.evaluate(model, workbench.sample("test", 60, 1000), "neg_log_loss")


@pytest.mark.skipif(not PENGUINS.exists(), reason="needs the penguins")
@pytest.mark.parametrize(
    "estimator", ["linear_model.LogisticRegression", "ensemble.HistGradientBoostingClassifier"]
)
def test_penguins_are_told_apart(workbench, estimator):
    options = pyarrow.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    table = pyarrow.csv.read_csv(PENGUINS, convert_options=options)
    features = [name for name in table.column_names if name != "species"]
    columns = {name: table.column(name) for name in features} | {"__label__": table.column("species")}
    shuffled = np.random.default_rng(0).permutation(table.num_rows)
    parts = {
        name: workbench.write(name, {column: values.take(rows) for column, values in columns.items()}, first)
        for name, rows, first in (("train", shuffled[:250], 0), ("test", shuffled[250:], 250))
    }
    model = workbench.train(parts["train"], estimator=f"sklearn.{estimator}", features=features)
    metrics = read_json(workbench.evaluate(model, parts["test"], "f1_macro", "roc_auc_ovr"))["metrics"]
    assert metrics["f1_macro"] > 0.95
    assert metrics["roc_auc_ovr"] > 0.99


def test_curves_are_canonical_json_and_the_same_twice(workbench):
    model = workbench.train(workbench.sample("train"))
    test = workbench.sample("test", 100, 1000)
    first = workbench.evaluate(model, test, "roc_auc").with_suffix(".curves").read_bytes()
    metrics = workbench.evaluate(model, test, "roc_auc")
    assert metrics.with_suffix(".curves").read_bytes() == first
    found = read_json(metrics.with_suffix(".curves"))
    assert (found["training"], found["rows"], found["task"]) == ("t", 100, "binary")
    assert found["roc"]["area"] == pytest.approx(read_json(metrics)["metrics"]["roc_auc"], rel=1e-5)


def test_a_test_part_of_one_class_has_curves_that_say_so(workbench):
    model = workbench.train(workbench.sample("train"))
    test = workbench.sample("test", 60, 1000, __label__=[True] * 60)
    found = read_json(workbench.evaluate(model, test, "accuracy").with_suffix(".curves"))
    assert "nothing to tell apart" in found["roc"]["unavailable"]
    assert sum(found["scores"]["positive"]) == 60


def test_slices_and_intervals_stand_beside_the_metrics(workbench):
    model = workbench.train(workbench.sample("train"))
    shops = pa.array((["x", "y", "y"] * 67)[:200], pa.string())
    test = workbench.sample("test", 200, 1000, __aux__shop=shops)
    asked = {
        "slices": [{"column": "shop"}, {"name": "low", "sql": "a < -2"}, {"column": "b", "bins": [3.0]}],
        "intervals": {"resamples": 100, "by": "shop"},
        "seed": 3,
    }
    out = workbench.evaluate(model, test, "roc_auc", "accuracy", **asked)
    first, found = out.read_bytes(), read_json(out)
    assert workbench.evaluate(model, test, "roc_auc", "accuracy", **asked).read_bytes() == first
    assert [(one["slice"], one["rows"]) for one in found["slices"]["shop"]] == [("x", 67), ("y", 133)]
    shares = [one["metrics"]["accuracy"] * one["rows"] for one in found["slices"]["shop"]]
    assert sum(shares) / 200 == pytest.approx(found["metrics"]["accuracy"])
    few = found["slices"]["low"][-1]
    assert few == {"slice": "true", "rows": few["rows"], "too_few": True}
    assert [one["slice"] for one in found["slices"]["b"]] == ["< 3", "≥ 3"]
    interval = found["intervals"]["accuracy"]
    assert interval["low"] <= found["metrics"]["accuracy"] <= interval["high"]
    assert "intervals by 'shop': 2 groups are few to draw from, and they may be too narrow" in found["notes"]
    # Of one shop alone nothing can be drawn.
    assert found["slices"]["shop"][0]["intervals"]["accuracy"]["low"] is None


def test_what_is_not_asked_for_is_not_there(workbench):
    model = workbench.train(workbench.sample("train"))
    found = read_json(workbench.evaluate(model, workbench.sample("test", 60, 1000)))
    assert sorted(found) == ["baselines", "metrics", "notes", "rows", "training"]


def test_what_decisions_hang_on_stands_by_the_metrics(workbench):
    costs = {"true_positive": 4.0, "false_positive": -1.0, "true_negative": 0.0, "false_negative": -2.0}
    train = workbench.sample("train")
    model = workbench.train(train, threshold={"value": 0.3}, split={"type": "random"})
    value = {"of": "per_row", "matrix": costs}
    found = read_json(workbench.evaluate(model, workbench.sample("test", 100, 1000), "roc_auc", value))
    assert (found["threshold"], found["cost_matrix"]) == (0.3, costs)
    plain = read_json(workbench.evaluate(workbench.train(train), workbench.sample("test", 100, 1000)))
    assert not plain.keys() & {"threshold", "cost_matrix"}
