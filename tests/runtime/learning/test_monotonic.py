import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.boosting import as_trained
from mlopsc.runtime.learning.monotonic import with_constraints
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.vocabulary.preprocessing import Preprocessing

KINDS = {"kind": "string", "age": "numeric", "size": "numeric"}
BY_NAME = {"size": 1, "age": -1}


def rows():
    random = np.random.default_rng(3)
    kind = pd.Series(random.choice(np.array(["x", "y", "z"], dtype=object), 400), dtype=object)
    return pd.DataFrame({"kind": kind, "age": random.normal(size=400), "size": random.normal(size=400)})


def boosters():
    xgboost, lightgbm = pytest.importorskip("xgboost"), pytest.importorskip("lightgbm")
    given = {"n_estimators": 20, "monotone_constraints": BY_NAME}
    label = as_trained(xgboost.XGBClassifier(**given), 1)
    return {
        "histogram": HistGradientBoostingRegressor(max_iter=20, monotonic_cst=BY_NAME),
        "forest": RandomForestRegressor(5, random_state=0, monotonic_cst=BY_NAME),
        "xgboost": as_trained(xgboost.XGBRegressor(**given), 1),
        "lightgbm": as_trained(lightgbm.LGBMRegressor(**given), 1),
        "coded": label,
    }


@pytest.mark.parametrize("which", ["histogram", "forest", "xgboost", "lightgbm", "coded"])
def test_a_constraint_by_name_holds_wherever_preprocessing_puts_the_feature(which):
    """The label does the contrary of what is asked for, so that without constraints the predictions would too."""
    frame = rows()
    label = (frame["age"] - frame["size"] + (frame["kind"] == "x")).to_numpy()
    label = label > 0 if which == "coded" else label
    settings = Preprocessing.model_validate({"columns": {"age": {"scale": "robust", "indicator": True}}})
    pipeline = make_pipeline(boosters()[which], frame, KINDS, settings)
    with_constraints(pipeline, KINDS, settings, frame, label)
    pipeline.fit(frame, label)
    ask = pipeline.predict if which != "coded" else lambda table: pipeline.predict_proba(table)[:, 1]
    for feature, sign in BY_NAME.items():
        steps = np.linspace(-2, 2, 30)
        for kind in ("x", "y"):
            line = pd.DataFrame({"kind": pd.Series([kind] * 30, dtype=object), "age": 0.0, "size": 0.0})
            line[feature] = steps
            assert (np.diff(ask(line)) * sign >= -1e-9).all(), (feature, kind)


@pytest.mark.parametrize(
    ("by_name", "columns", "said"),
    [
        ({"agee": 1}, {}, "a monotonic constraint names 'agee', which is not a feature"),
        ({"kind": 1}, {}, "a monotonic constraint on 'kind', which is no number"),
        ({"age": 1}, {"age": {"bins": 3}}, "a monotonic constraint on 'age', which is no number"),
    ],
)
def test_a_constraint_that_cannot_hold_is_an_error(by_name, columns, said):
    settings = Preprocessing.model_validate({"columns": columns})
    estimator = HistGradientBoostingRegressor(monotonic_cst=by_name)
    frame = rows()
    with pytest.raises(StepFailed, match=said):
        with_constraints(
            make_pipeline(estimator, frame, KINDS, settings), KINDS, settings, frame, frame["age"]
        )


def test_a_list_by_position_stays_as_it_is():
    pipeline = make_pipeline(
        HistGradientBoostingRegressor(monotonic_cst=[1, 0, 0]), rows(), KINDS, Preprocessing()
    )
    with_constraints(pipeline, KINDS, Preprocessing(), rows(), rows()["age"].to_numpy())
    assert pipeline.named_steps["estimator"].monotonic_cst == [1, 0, 0]
