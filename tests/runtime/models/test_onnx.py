"""Models as ONNX: the same bytes each time, the same answers, and words for what cannot be."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.learning.segmented import SegmentedModel
from mlopsc.runtime.models.onnx import compare, to_onnx
from mlopsc.vocabulary.preprocessing import Preprocessing

KINDS = {"size": "numeric", "colour": "string"}
SIGNATURE = {"features": [{"name": name, "kind": kind} for name, kind in KINDS.items()]}


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    sizes = random.normal(size=300).round(3)
    sizes[::17] = np.nan
    return pd.DataFrame({"size": sizes, "colour": random.choice(["red", "blue", np.nan], 300).astype(object)})


def fitted(estimator, table, label):
    return make_pipeline(estimator, table, KINDS, Preprocessing()).fit(table, label)


@pytest.mark.parametrize(
    ("estimator", "label"),
    [
        (LogisticRegression(), lambda x: (x > 0).to_numpy()),
        (LogisticRegression(), lambda x: np.where(x > 0, "yes", "no").astype(object)),
        (Ridge(), lambda x: x.fillna(0).to_numpy() * 40 + 3),
    ],
    ids=["booleans", "text", "numbers"],
)
def test_answers_are_the_same_within_the_tolerance(estimator, label, table):
    model = fitted(estimator, table, label(table["size"]))
    data = to_onnx("m/1", model, SIGNATURE)
    assert data == to_onnx("m/1", model, SIGNATURE)
    found = compare("m/1", data, model, SIGNATURE, table, 1e-4)
    assert (found.rows, found.beyond) == (300, 0)
    assert 0 < found.largest < 1e-5


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
            lambda model: FixedThresholdClassifier(model, threshold=0.3),
            r"it decides by a threshold of its own, 0\.3",
        ),
    ],
    ids=["segments", "calibrated", "threshold"],
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
