import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.models.archive import load_model_file, read_row_hashes, read_signature

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
        f"inputs, outputs = {{'train': Path({str(table)!r})}}, {{'model': Path({str(tmp_path / 'other')!r})}}\n"
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
    assert read_signature(model) == {
        "features": [
            {"name": "a", "kind": "numeric", "type": "double"},
            {"name": "b", "kind": "numeric", "type": "int64"},
            {"name": "c", "kind": "string", "type": "string"},
        ],
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
