"""Models as ONNX: the same bytes each time, the same answers, and words for what cannot be."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.svm import LinearSVC

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.learning.boosting import as_trained
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.learning.segmented import SegmentedModel
from mlopsc.runtime.models.onnx import compare, compared_onnx
from mlopsc.runtime.models.onnx_file import to_onnx
from mlopsc.vocabulary.exports import OnnxExport
from mlopsc.vocabulary.preprocessing import Preprocessing

KINDS = {"size": "numeric", "colour": "string"}
SIGNATURE = {"features": [{"name": name, "kind": kind} for name, kind in KINDS.items()]}


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    sizes = random.normal(size=300).round(3)
    sizes[::17] = np.nan
    colours = np.array(["red", "blue", None], dtype=object)
    return pd.DataFrame({"size": sizes, "colour": random.choice(colours, 300)})


def fitted(estimator, table, label, settings=None):
    return make_pipeline(estimator, table, KINDS, settings or Preprocessing()).fit(table, label)


@pytest.mark.parametrize(
    ("estimator", "label"),
    [
        (LogisticRegression(), lambda x: (x > 0).to_numpy()),
        (LogisticRegression(), lambda x: np.where(x > 0, "yes", "no").astype(object)),
        (Ridge(), lambda x: x.fillna(0).to_numpy() * 40 + 3),
        (LinearSVC(), lambda x: (x > 0).to_numpy()),
    ],
    ids=["booleans", "text", "numbers", "without probabilities"],
)
def test_answers_are_the_same_within_the_tolerance(estimator, label, table):
    model = fitted(estimator, table, label(table["size"]))
    data = to_onnx("m/1", model, SIGNATURE)
    assert data == to_onnx("m/1", model, SIGNATURE)
    found = compare("m/1", data, model, SIGNATURE, table, 1e-4)
    assert (found.rows, found.beyond) == (300, 0)
    assert found.largest < 1e-5


@pytest.mark.parametrize("library", ["xgboost.XGB", "lightgbm.LGBM"])
@pytest.mark.parametrize("kind", ["booleans", "text", "counts", "numbers"])
def test_boosters_answer_the_same(library, kind, table):
    module, _, prefix = library.partition(".")
    boosters, size = pytest.importorskip(module), table["size"].fillna(9)
    made, label = {
        "booleans": ("Classifier", (size > 0).to_numpy()),
        "text": ("Classifier", pd.cut(size, [-9, 0, 1, 9], labels=["b", "c", "a"]).astype(object).to_numpy()),
        "counts": ("Classifier", np.array([7, 3])[(size > 0).astype(int)]),
        "numbers": ("Regressor", size.to_numpy() * 40 + 3),
    }[kind]
    booster = getattr(boosters, f"{prefix}{made}")(n_estimators=20)
    model = fitted(as_trained(booster, 1), table, label)
    data, found = compared_onnx("m/1", model, SIGNATURE, table, OnnxExport(tolerance=1e-5))
    assert data == to_onnx("m/1", model, SIGNATURE)
    assert (found.rows, found.beyond) == (300, 0)


@pytest.mark.parametrize("encode", ["ordinal", "onehot", "target"])
@pytest.mark.parametrize(
    "name", ["sklearn.ensemble.HistGradientBoostingClassifier", "xgboost.XGBClassifier", "lightgbm.LGBMClassifier"]
)  # fmt: skip
def test_categories_that_are_null_or_unknown_are_taken_as_here(name, encode, table):
    module, _, name = name.rpartition(".")
    estimator = getattr(pytest.importorskip(module), name)()
    if module != "sklearn.ensemble":
        estimator = as_trained(estimator.set_params(n_estimators=20), 1)
    label = (table["colour"].isna() | (table["size"] > 1)).to_numpy()
    assert 100 < label.sum() < 200
    settings = Preprocessing.model_validate({"categorical": {"encode": encode}})
    model = fitted(estimator, table, label, settings)
    asked = pd.concat([table, table.head(50).assign(colour="green"), table.head(50).assign(colour="")])
    before = model.predict(asked).tolist()
    _, found = compared_onnx("m/1", model, SIGNATURE, asked, OnnxExport(tolerance=1e-5))
    assert (found.rows, found.beyond) == (400, 0)
    assert model.predict(asked).tolist() == before, "to write a model changes nothing of it"


@pytest.mark.parametrize(
    ("library", "settings", "words"),
    [
        ("xgboost.XGBClassifier", {"booster": "dart"}, "the converter gets xgboost's `booster: dart` wrong"),
        ("lightgbm.LGBMClassifier", {"linear_tree": True}, "the converter gets lightgbm's `linear_tree: true` wrong"),
        ("xgboost.XGBClassifier", {"objective": "multi:softmax", "num_class": 2}, "300 of its 300 test rows"),
    ],
)  # fmt: skip
def test_boosters_that_a_converter_gets_wrong_are_not_written(library, settings, words, table):
    module, _, name = library.partition(".")
    booster = getattr(pytest.importorskip(module), name)(n_estimators=3, **settings)
    model = fitted(as_trained(booster, 1), table, (table["size"] > 0).to_numpy())
    with pytest.raises(MlopscError, match=words):
        compared_onnx("m/1", model, SIGNATURE, table, OnnxExport())


@pytest.mark.parametrize("positive", ["no", "yes"])
@pytest.mark.parametrize("boosted", [False, True], ids=["linear", "boosted"])
def test_a_threshold_decides_there_as_it_does_here(positive, boosted, table):
    estimator = LogisticRegression()
    if boosted:
        estimator = as_trained(pytest.importorskip("lightgbm").LGBMClassifier(n_estimators=5), 1)
    chance = np.random.default_rng(1).normal(size=300)
    inner = fitted(
        estimator, table, np.where(table["size"].fillna(0) + chance > 0, "yes", "no").astype(object)
    )
    model = FixedThresholdClassifier(inner, threshold=0.8, pos_label=positive)
    assert (model.predict(table) != inner.predict(table)).sum() > 50
    data, found = compared_onnx("m/1", model, SIGNATURE, table, OnnxExport())
    assert found.beyond == 0
    assert b"threshold" in data


def test_what_its_converter_gets_wrong_is_not_written(table):
    """scikit-learn's forests have a branch for nulls, which ONNX's do not take."""
    model = fitted(RandomForestRegressor(5, random_state=0), table, table["size"].fillna(0).to_numpy())
    with pytest.raises(
        MlopscError, match=r"m/1 was not written: as ONNX, 18 of its 300 test rows"
    ) as refused:
        compared_onnx("m/1", model, SIGNATURE, table, OnnxExport())
    assert "`impute: median`" in refused.value.help
    _, found = compared_onnx("m/1", model, SIGNATURE, table, OnnxExport(beyond=0.06))
    assert found.beyond == 18


_BYTES = """
import hashlib, sys
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.models.onnx_file import to_onnx
from mlopsc.vocabulary.preprocessing import Preprocessing
table = pd.DataFrame({"size": np.arange(40.0), "colour": ["red", "blue"] * 20})
kinds = {"size": "numeric", "colour": "string"}
model = make_pipeline(RandomForestClassifier(2, random_state=0), table, kinds, Preprocessing())
model.fit(table, table["size"] > 20)
features = [{"name": name, "kind": kind} for name, kind in kinds.items()]
print(hashlib.sha256(to_onnx("m/1", model, {"features": features})).hexdigest())
"""


def test_equal_models_are_equal_files_in_every_process():
    """Whatever order sets have there: skl2onnx takes the versions of operators from one."""
    made = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _BYTES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(made) == 1


def test_without_rows_nothing_can_be_compared(table):
    model = fitted(LogisticRegression(), table, (table["size"] > 0).to_numpy())
    with pytest.raises(MlopscError, match="m/1 has no test rows on which"):
        compared_onnx("m/1", model, SIGNATURE, table.iloc[:0], OnnxExport())


def test_other_answers_are_found_out(table):
    here = fitted(LogisticRegression(), table, (table["size"] > 0).to_numpy())
    there = to_onnx("m/1", fitted(LogisticRegression(), table, (table["size"] > 1).to_numpy()), SIGNATURE)
    found = compare("m/1", there, here, SIGNATURE, table, 1e-4)
    assert found.beyond > 250
    assert found.largest > 0.1


class Own(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[np.zeros(X.shape[0], dtype=int)]


def test_an_estimator_without_a_converter_is_named(table):
    model = fitted(Own(), table, (table["size"] > 0).to_numpy())
    with pytest.raises(MlopscError, match=r"m/1 cannot be written as ONNX: .*Own"):
        to_onnx("m/1", model, SIGNATURE)


@pytest.mark.parametrize(
    ("around", "words"),
    [
        (
            lambda model: SegmentedModel("colour", ["red", "blue"], [model, model]),
            "it is 2 models, one for each segment by 'colour'",
        ),
        (lambda model: CalibratedClassifierCV(model), "its probabilities are calibrated"),
        (
            lambda model: FixedThresholdClassifier(CalibratedClassifierCV(model), threshold=0.3),
            "its probabilities are calibrated",
        ),
    ],
    ids=["segments", "calibrated", "calibrated with a threshold"],
)
def test_what_is_around_a_pipeline_is_refused_by_its_key(around, words, table):
    model = around(fitted(LogisticRegression(), table, (table["size"] > 0).to_numpy()))
    with pytest.raises(MlopscError, match=f"^m/1 cannot be written as ONNX: {words}") as refused:
        to_onnx("m/1", model, SIGNATURE)
    assert refused.value.help.startswith("train what is to be exported without `")


def test_a_model_that_a_function_saved_by_itself_is_refused():
    own = SIGNATURE | {"estimator": "own:train", "loader": {"function": "own:open_model", "code": ""}}
    with pytest.raises(
        MlopscError, match="m/1 cannot be written as ONNX: it is what own:train saved by itself"
    ):
        to_onnx("m/1", None, own)
