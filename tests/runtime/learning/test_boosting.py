import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning import estimators
from mlopsc.runtime.learning.boosting import as_trained, library_of
from mlopsc.runtime.learning.coded import CodedClasses
from mlopsc.runtime.learning.estimators import make_estimator
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.learning.wants import takes_nulls, wants_scale
from mlopsc.vocabulary.preprocessing import Preprocessing

xgboost = pytest.importorskip("xgboost")
lightgbm = pytest.importorskip("lightgbm")

X = np.random.default_rng(0).normal(size=(300, 2))
PARAMS = {"n_estimators": 5}


@pytest.mark.parametrize(
    "path", ["xgboost.XGBClassifier", "xgboost.XGBRFClassifier", "lightgbm.LGBMClassifier"]
)
@pytest.mark.parametrize(
    "label",
    [np.where(X[:, 0] > 0, "yes", "no").astype(object), X[:, 0] > 0, np.where(X[:, 0] > 0, 7, 3)],
    ids=["text", "booleans", "numbers"],
)
def test_labels_of_any_type_are_learned_and_predicted(path, label, tmp_path):
    made = make_estimator(path, PARAMS, 0, tmp_path)
    fitted = made.fit(X, label)
    assert fitted.classes_.tolist() == np.unique(label).tolist()
    assert (fitted.predict(X) == label).mean() > 0.95
    assert fitted.predict_proba(X).shape == (300, 2)


def test_a_regressor_is_not_wrapped(tmp_path):
    made = make_estimator("lightgbm.LGBMRegressor", PARAMS, 3, tmp_path, threads=2)
    assert isinstance(made, lightgbm.LGBMRegressor)
    settings = made.get_params()
    wanted = {"n_jobs": 2, "random_state": 3, "deterministic": True, "force_row_wise": True, "verbosity": -1}
    assert {key: settings[key] for key in wanted} == wanted


def test_what_is_given_stays(tmp_path):
    given = {"n_jobs": 3, "verbose": 0, "force_col_wise": True, "deterministic": False, "random_state": 9}
    settings = make_estimator("lightgbm.LGBMRegressor", given, 0, tmp_path, threads=2).get_params()
    assert {key: settings[key] for key in given} == given
    assert "force_row_wise" not in settings
    assert "verbosity" not in settings


@pytest.mark.parametrize(
    "made", [xgboost.XGBRegressor(booster="gblinear"), lightgbm.LGBMRegressor(linear_tree=True)]
)
def test_what_would_differ_by_threads_has_one(made):
    assert as_trained(made, 4).n_jobs == 1


def test_class_weights_are_by_label():
    label = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
    heavy = CodedClasses(lightgbm.LGBMClassifier(class_weight={"yes": 50.0}, verbosity=-1, **PARAMS))
    plain = CodedClasses(lightgbm.LGBMClassifier(verbosity=-1, **PARAMS))
    assert heavy.fit(X, label).predict_proba(X)[:, 1].sum() > plain.fit(X, label).predict_proba(X)[:, 1].sum()
    wrong = CodedClasses(lightgbm.LGBMClassifier(class_weight={"perhaps": 2.0}))
    with pytest.raises(ValueError, match="class_weight names 'perhaps', expected labels among"):
        wrong.fit(X, label)


def test_weights_of_rows_reach_the_booster():
    label, weight = X[:, 0] > 0, np.where(X[:, 1] > 0, 1.0, 0.0)
    made = CodedClasses(xgboost.XGBClassifier(**PARAMS))
    weighted = clone(made).fit(X, label, sample_weight=weight)
    alone = clone(made).fit(X[weight > 0], label[weight > 0])
    assert np.allclose(weighted.predict_proba(X), alone.predict_proba(X), atol=0.05)


def test_a_booster_takes_nulls_needs_no_scale_and_gets_codes_for_text():
    import pandas as pd

    made = CodedClasses(xgboost.XGBClassifier(**PARAMS))
    assert library_of(made) == "xgboost"
    assert library_of(Ridge()) is None
    assert takes_nulls(made)
    assert not wants_scale(made)
    table = pd.DataFrame({"a": [1.0, np.nan, 3.0], "c": pd.Series(["u", "v", np.nan], dtype=object)})
    pipeline = make_pipeline(made, table, {"a": "numeric", "c": "string"}, Preprocessing())
    matrix = pipeline.named_steps["preprocess"].fit_transform(table)
    assert np.array_equal(matrix, [[1, 0], [np.nan, 1], [3, np.nan]], equal_nan=True)


def test_a_library_that_is_not_installed_is_said_with_what_installs_it(tmp_path, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(f"No module named '{name}'")

    monkeypatch.setattr(estimators.importlib, "import_module", absent)
    with pytest.raises(StepFailed, match="No module named 'xgboost'") as caught:
        make_estimator("xgboost.XGBClassifier", {}, 0, tmp_path)
    assert caught.value.help == "pip install 'mlopsc[xgboost]'"
