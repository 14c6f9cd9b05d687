import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.models.archive import load_model_file, read_row_hashes, read_signature
from mlopsc.runtime.operations import split
from mlopsc.vocabulary.operations import SplitRows
from mlopsc.vocabulary.splits import ColumnSplit

HISTOGRAM = "sklearn.ensemble.HistGradientBoostingClassifier"
FOREST = "sklearn.ensemble.RandomForestClassifier"
ESTIMATORS = [
    ("sklearn.linear_model.LogisticRegression", {}),
    (HISTOGRAM, {"max_iter": 10}),
    (FOREST, {"n_estimators": 10}),
    ("sklearn.neural_network.MLPClassifier", {"max_iter": 20, "tol": 1.0}),
]


@pytest.mark.parametrize(("estimator", "params"), ESTIMATORS, ids=lambda one: str(one).rpartition(".")[2])
def test_the_same_training_gives_the_same_bytes_on_one_thread_and_on_two(workbench, estimator, params):
    table = workbench.sample("train")
    models = [
        workbench.train(table, f"model{n}", threads=threads, estimator=estimator, params=params)
        for n, threads in enumerate((1, 1, 2))
    ]
    first, *others = (model.read_bytes() for model in models)
    assert all(other == first for other in others)


def test_a_forests_jobs_leave_no_trace(workbench):
    table = workbench.sample("train")
    models = [
        workbench.train(table, f"m{jobs}", estimator=FOREST, params={"n_estimators": 8, "n_jobs": jobs})
        for jobs in (1, 2)
    ]
    loaded = [load_model_file(model) for model in models]
    assert [one.signature["params"]["n_jobs"] for one in loaded] == [1, 2]
    assert [one.estimator.named_steps["estimator"].n_jobs for one in loaded] == [None, None]


def test_another_process_gives_the_same_bytes(workbench, tmp_path):
    table = workbench.sample("train")
    model = workbench.train(table, estimator=HISTOGRAM, params={"max_iter": 10})
    script = (
        "from pathlib import Path\n"
        "from mlopsc.runtime.context import Context\n"
        "from mlopsc.runtime.operations import train\n"
        "from mlopsc.vocabulary.operations import Train\n"
        f"config = Train(training='t', estimator={HISTOGRAM!r}, params={{'max_iter': 10}}, "
        "features=('a', 'b', 'c'), label='y', seed=7)\n"
        f"inputs, folder = {{'train': Path({str(table)!r})}}, Path({str(tmp_path)!r})\n"
        "outputs = {'model': folder / 'other', 'environment': folder / 'environment'}\n"
        f"train.run(config, inputs, outputs, Context(project=Path({str(tmp_path)!r})))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONHASHSEED": "5"})
    assert (tmp_path / "other").read_bytes() == model.read_bytes()


def test_the_seed_decides(workbench):
    table = workbench.sample("train")
    one, two = (
        workbench.train(table, f"m{seed}", estimator=FOREST, params={"n_estimators": 3}, seed=seed)
        for seed in (1, 2)
    )
    assert one.read_bytes() != two.read_bytes()


def test_the_signature_says_what_the_model_takes_and_gives(workbench):
    table = workbench.sample("train", 50, 7)
    model = workbench.train(table, params={"C": 2.0})
    a = pq.read_table(table)["a"].to_numpy()
    said = read_signature(model)
    assert said.pop("recipe").startswith("sha256:")
    assert said == {
        "features": [
            {
                "name": "a",
                "kind": "numeric",
                "type": "double",
                "nulls": False,
                "min": a.min(),
                "max": a.max(),
            },
            {"name": "b", "kind": "numeric", "type": "int64", "nulls": False, "min": 0.0, "max": 8.0},
            {"name": "c", "kind": "string", "type": "string", "nulls": True, "categories": ["x", "y"]},
        ],
        "example": pq.read_table(table, columns=["a", "b", "c"]).slice(0, 5).to_pylist(),
        "label": "y",
        "label_kind": "boolean",
        "task": "classification",
        "classes": [False, True],
        "estimator": "sklearn.linear_model.LogisticRegression",
        "params": {"C": 2.0},
        "seed": 7,
        "rows": 50,
    }
    assert read_row_hashes(model).tolist() == list(range(7, 57))


def test_a_signature_without_an_example_holds_no_row(workbench):
    table = workbench.sample("train")
    with_rows, without = (workbench.train(table, f"m{kept}", example=kept) for kept in (True, False))
    assert "example" not in read_signature(without)
    assert set(read_signature(with_rows)) - set(read_signature(without)) == {"example"}


def test_of_many_categories_a_signature_tells_how_many(workbench):
    table = workbench.sample("train", c=[f"c{n % 150}" for n in range(400)], b=[True, None] * 200)
    features = {one["name"]: one for one in read_signature(workbench.train(table))["features"]}
    assert features["c"] == {
        "name": "c",
        "kind": "string",
        "type": "string",
        "nulls": False,
        "category_count": 150,
    }
    assert (features["b"]["min"], features["b"]["max"], features["b"]["nulls"]) == (1.0, 1.0, True)


def test_a_regression_has_no_classes(workbench):
    table = workbench.sample("train", __label__=pa.array(range(400), pa.int32()))
    signature = read_signature(workbench.train(table, estimator="sklearn.linear_model.Ridge"))
    assert (signature["task"], signature["classes"]) == ("regression", None)


def test_string_labels_are_predicted_as_strings(workbench):
    labels = np.where(np.arange(400) % 3 == 0, "yes", "no").tolist()
    table = workbench.sample("train", b=np.arange(400) % 3, __label__=labels)
    loaded = load_model_file(workbench.train(table))
    assert loaded.signature["classes"] == ["no", "yes"]
    import pandas as pd

    row = pd.DataFrame({"a": [0.0], "b": [0], "c": ["x"]})
    assert loaded.estimator.predict(row).tolist() == ["yes"]


def test_user_code_makes_estimator_and_preprocessing(workbench):
    (workbench.context.project / "own_training.py").write_text(
        "import numpy as np\n"
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "from sklearn.compose import make_column_transformer\n"
        "class Sign(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, edge=0.0):\n"
        "        self.edge = edge\n"
        "    def fit(self, X, y):\n"
        "        self.classes_ = np.unique(y)\n"
        "        return self\n"
        "    def predict(self, X):\n"
        "        return np.asarray(X)[:, 0] > self.edge\n"
        "def make(params, seed):\n"
        "    return Sign(**params)\n"
        "def only_a(features):\n"
        "    assert features == ['a', 'b', 'c']\n"
        "    return make_column_transformer(('passthrough', ['a']))\n"
    )
    table = workbench.sample("train", noise=0.0)
    model = workbench.train(
        table,
        estimator={"python": "own_training:make"},
        preprocess={"python": "own_training:only_a"},
        params={"edge": 0.0},
    )
    assert read_signature(model)["estimator"] == "own_training:make"
    metrics = workbench.evaluate(model, table, "accuracy", code=("own_training:make",))
    assert '"accuracy":1.0' in metrics.read_text()


def test_a_time_among_the_features_is_an_error(workbench):
    table = workbench.sample("train", when=pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 400))
    with pytest.raises(StepFailed, match="feature 'when' is a timestamp"):
        workbench.train(table, features=["a", "when"])


@pytest.mark.parametrize(
    ("label", "estimator", "said"),
    [
        (["a", "b"] * 200, "sklearn.linear_model.Ridge", "the label 'y' is text, and Ridge is a regressor"),
        ([True] * 400, HISTOGRAM, "the label 'y' has one value only in the train part, True"),
        (np.arange(400) / 7, HISTOGRAM, "HistGradientBoostingClassifier could not be fitted: ValueError"),
    ],
)
def test_a_label_that_the_estimator_cannot_learn_is_an_error(workbench, label, estimator, said):
    table = workbench.sample("train", __label__=label)
    with pytest.raises(StepFailed, match=said):
        workbench.train(table, estimator=estimator)


def test_no_rows_are_an_error(workbench):
    with pytest.raises(StepFailed, match="the train part of 't' has no rows"):
        workbench.train(workbench.sample("train", 0))


def _rows_like_weights(workbench, times):
    """A table in which every row whose label is true stands several times."""
    label = np.arange(400) % 5 == 0
    a = np.random.default_rng(3).normal(size=400) + label
    repeated = np.repeat(np.arange(400), np.where(label, times, 1))
    return workbench.write("repeated", {"a": a[repeated], "__label__": label[repeated]}), workbench.write(
        "plain", {"a": a, "__label__": label}
    )


@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        ("sklearn.linear_model.LogisticRegression", {"tol": 1e-8}),
        ("sklearn.naive_bayes.GaussianNB", {}),
        ("sklearn.tree.DecisionTreeClassifier", {"max_depth": 3}),
    ],
)
def test_a_class_weight_counts_like_repeated_rows(workbench, estimator, params):
    repeated, plain = _rows_like_weights(workbench, 3)
    same = {
        "estimator": estimator,
        "params": params,
        "features": ["a"],
        "preprocess": {"numeric": {"scale": "none"}},
    }
    weighed = workbench.train(plain, "weighed", class_weight={"true": 3}, **same)
    thrice, once = workbench.train(repeated, "thrice", **same), workbench.train(plain, "once", **same)
    first, second, unweighed = (load_model_file(model).estimator for model in (weighed, thrice, once))
    frame = pd.DataFrame({"a": np.linspace(-2, 3, 50)})
    assert first.predict_proba(frame) == pytest.approx(second.predict_proba(frame), abs=1e-5)
    assert abs(first.predict_proba(frame) - unweighed.predict_proba(frame)).max() > 0.05
    assert read_signature(weighed)["class_weight"] == {"true": 3.0}


@pytest.mark.parametrize("estimator", [estimator for estimator, _ in ESTIMATORS])
def test_weighted_classes_leave_equal_bytes(workbench, estimator):
    table = workbench.sample("train", 200)
    models = [
        workbench.train(table, f"m{threads}", threads=threads, estimator=estimator, class_weight="balanced")
        for threads in (1, 2)
    ]
    assert models[0].read_bytes() == models[1].read_bytes()


def test_three_classes_can_be_weighed(workbench):
    labels = np.array(["a", "b", "c"], dtype=object)[np.arange(300) % 3].tolist()
    table = workbench.sample("train", 300, __label__=labels)
    plain, weighed = (
        load_model_file(workbench.train(table, name, class_weight=weight)).estimator
        for name, weight in (("plain", None), ("weighed", {"b": 50}))
    )
    frame = pd.DataFrame({"a": [0.0], "b": [1.0], "c": ["x"]})
    assert weighed.predict(frame).tolist() == ["b"]
    assert plain.predict_proba(frame)[0, 1] < 0.5


@pytest.mark.parametrize("estimator", ["sklearn.linear_model.Ridge", "sklearn.tree.DecisionTreeRegressor"])
def test_a_row_of_weight_nothing_teaches_nothing(workbench, estimator):
    a = np.arange(100) / 10
    label = np.where(np.arange(100) < 50, a, 1000.0)
    table = workbench.write("train", {"a": a, "__aux__w": (np.arange(100) < 50) * 2, "__label__": label})
    given = {"estimator": estimator, "features": ["a"], "params": {}}
    model = workbench.train(table, sample_weight="w", **given)
    predicted = load_model_file(model).estimator.predict(pd.DataFrame({"a": [2.0, 4.0]}))
    assert predicted == pytest.approx([2.0, 4.0], abs=0.3)
    signature = read_signature(model)
    assert (signature["sample_weight"], [one["name"] for one in signature["features"]]) == ("w", ["a"])


def test_weights_of_rows_and_classes_multiply(workbench):
    label = np.arange(200) % 2 == 0
    a = np.random.default_rng(3).normal(size=200) + label
    given = {"estimator": "sklearn.naive_bayes.GaussianNB", "features": ["a"]}
    first = workbench.write("first", {"a": a, "__aux__w": np.where(label, 2.0, 3.0), "__label__": label})
    second = workbench.write("second", {"a": a, "__aux__w": np.where(label, 8.0, 3.0), "__label__": label})
    models = [
        workbench.train(first, "m1", sample_weight="w", class_weight={"true": 4}, **given),
        workbench.train(second, "m2", sample_weight="w", **given),
    ]
    one, two = (load_model_file(model).estimator.named_steps["estimator"] for model in models)
    assert one.class_prior_.tolist() == two.class_prior_.tolist() == [3 / 11, 8 / 11]


def test_an_estimator_that_takes_no_weights_is_an_error(workbench):
    table = workbench.sample("train", 50, __aux__w=np.ones(50))
    with pytest.raises(StepFailed, match="`sample_weight`: KNeighborsClassifier takes no weights"):
        workbench.train(table, estimator="sklearn.neighbors.KNeighborsClassifier", sample_weight="w")


def test_nothing_of_the_test_part_reaches_the_model(workbench, tmp_path):
    """Every treatment that learns something: other values and categories in the test part, the same bytes."""
    part = np.where(np.arange(400) % 4 == 0, "test", "train")
    config = SplitRows(training="t", split=ColumnSplit(type="column", by="part", test="test"), seed=0)
    digests = set()
    for number in range(3):
        random, away = np.random.default_rng(1), np.random.default_rng(number)
        a, c = random.normal(size=400), random.choice(["x", "y", "z"], 400).astype(object)
        label = a + random.normal(size=400) > 0
        a[part == "test"] = away.normal(scale=10.0**number, size=100)
        c[part == "test"] = f"new{number}"
        table = workbench.write(
            f"all{number}",
            {"a": a, "b": a, "d": a, "c": c.tolist(), "e": c.tolist(), "__label__": label, "__group__": part},
        )
        parts = {port: tmp_path / f"{port}{number}" for port in config.output_ports()}
        split.run(config, {"table": table}, parts, workbench.context)
        model = workbench.train(
            parts["train"],
            f"model{number}",
            features=["a", "b", "d", "c", "e"],
            preprocess={
                "numeric": {"impute": "mean", "scale": "standard"},
                "columns": {
                    "b": {"scale": "quantile", "indicator": True},
                    "d": {"bins": 5},
                    "e": {"encode": "target"},
                },
            },
        )
        digests.add(model.read_bytes())
    assert len(digests) == 1


def test_a_column_may_have_a_transformer_of_the_users(workbench):
    (workbench.context.project / "own_columns.py").write_text(
        "import numpy as np\n"
        "from sklearn.preprocessing import FunctionTransformer\n"
        "def doubled(features):\n"
        "    assert features == ['b']\n"
        "    return FunctionTransformer(np.square)\n"
    )
    table = workbench.sample("train")
    model = workbench.train(table, preprocess={"columns": {"b": {"python": "own_columns:doubled"}}})
    code = ("own_columns:doubled",)
    assert '"roc_auc":0.' in workbench.evaluate(model, table, code=code).read_text()


def test_a_constraint_by_name_that_cannot_hold_is_an_error(workbench):
    with pytest.raises(StepFailed, match="a monotonic constraint on 'c', which is no number"):
        workbench.train(workbench.sample("train"), estimator=HISTOGRAM, params={"monotonic_cst": {"c": 1}})
