"""Boosters in model files: the same bytes for the same model, nothing but text, and nothing that leads outside."""

import json
import os
import re
import subprocess
import sys
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.learning.boosting import as_trained
from mlopsc.runtime.models import boosters
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
from mlopsc.runtime.models.strictzip import pack

pytest.importorskip("xgboost")
pytest.importorskip("lightgbm")

XGB, LGBM = "xgboost", "lightgbm"
KINDS = {
    "trees": (XGB, "XGBClassifier", {"subsample": 0.8}),
    "dart": (XGB, "XGBClassifier", {"booster": "dart"}),
    "linear": (XGB, "XGBClassifier", {"booster": "gblinear"}),
    "forest": (XGB, "XGBRFClassifier", {}),
    "vectors": (XGB, "XGBClassifier", {"multi_strategy": "multi_output_tree"}),
    "categories": (XGB, "XGBRegressor", {"enable_categorical": True, "feature_types": list("qqqc")}),
    "regression": (XGB, "XGBRegressor", {}),
    "leaves": (LGBM, "LGBMClassifier", {"subsample": 0.8, "subsample_freq": 1}),
    "random forest": (LGBM, "LGBMClassifier", {"boosting_type": "rf", "bagging_freq": 1, "subsample": 0.5}),
    "linear leaves": (LGBM, "LGBMRegressor", {"linear_tree": True}),
    "categorical leaves": (LGBM, "LGBMRegressor", {"categorical_feature": [3], "min_data_per_group": 1}),
}
FIT = """
import hashlib, sys
from tests.runtime.models.test_boosters import KINDS, fitted
from mlopsc.runtime.models.canonical import dump_estimator
for kind in KINDS:
    print(kind, hashlib.sha256(dump_estimator(fitted(kind, int(sys.argv[1])))).hexdigest())
"""


def data():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(600, 3)), rng.integers(0, 8, 600)])
    X[::9, 0] = np.nan
    label = np.array(["no", "perhaps", "yes"])[np.digitize(X[:, 1] + X[:, 3] / 4, [0.3, 1.5])]
    return X, label, np.nan_to_num(X[:, 0]) + X[:, 3]


def fitted(kind, threads=1):
    library, name, params = KINDS[kind]
    given = {"n_estimators": 4, "random_state": 1, "max_depth": 3} | params
    made = getattr(__import__(library), name)(**given)
    X, label, number = data()
    # Of settings that would be given in vain LightGBM warns, of a depth without trees XGBoost.
    return as_trained(made, threads, given=given).fit(X, number if "Regressor" in name else label)


def asked(model):
    X, *_ = data()
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_one_thread_and_two_make_equal_bytes_and_loading_and_dumping_changes_nothing(kind):
    one, two = fitted(kind, 1), fitted(kind, 2)
    saved = dump_estimator(one)
    assert dump_estimator(two) == saved
    loaded = load_estimator(saved)
    assert np.array_equal(asked(loaded), asked(one))
    assert loaded.predict(data()[0]).tolist() == one.predict(data()[0]).tolist()
    assert dump_estimator(loaded) == saved


@pytest.mark.slow
def test_another_process_makes_equal_bytes():
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", FIT, threads],
            env=os.environ | {"PYTHONHASHSEED": threads, "PYTHONPATH": "."},
            stdout=subprocess.PIPE,
            text=True,
        )
        for threads in ("1", "2")
    ]
    one, two = (process.communicate()[0].splitlines() for process in processes)
    assert len(one) == len(KINDS)
    assert one == two


def parts(saved):
    with ZipFile(BytesIO(saved)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def xgboost_file(members):
    """Return the name of the booster's file and what it holds."""
    ((name, text),) = ((name, text) for name, text in members.items() if b'"learner"' in text)
    return name, json.loads(text)


def damaged(saved, change):
    """Return a model whose XGBoost booster a function has changed."""
    members = parts(saved)
    name, document = xgboost_file(members)
    change(document["Model"]["learner"])
    return pack(members | {name: json.dumps(document, sort_keys=True, separators=(",", ":")).encode()})


def first_tree(learner):
    return learner["gradient_booster"]["model"]["trees"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: first_tree(one)["left_children"].__setitem__(0, 10**6), "children"),
        (lambda one: first_tree(one)["right_children"].__setitem__(1, 0), "children"),
        (lambda one: first_tree(one)["split_indices"].__setitem__(0, 4), "split_indices"),
        (lambda one: first_tree(one)["split_conditions"].pop(), "split_conditions"),
        (lambda one: first_tree(one)["split_type"].__setitem__(0, 1), "categories_nodes"),
        (lambda one: first_tree(one)["parents"].__setitem__(1, 10**6), "parents"),
        (lambda one: first_tree(one).pop("base_weights"), "base_weights"),
        (lambda one: one["gradient_booster"]["model"]["tree_info"].__setitem__(0, 7), "tree_info"),
        (lambda one: one["gradient_booster"]["model"]["iteration_indptr"].append(99), "iteration_indptr"),
        (lambda one: one["gradient_booster"].__setitem__("name", "other"), "a booster of the kind 'other'"),
    ],
)
def test_a_booster_of_xgboost_that_leads_outside_is_refused(change, said):
    with pytest.raises(StoreError, match=f"a booster in it is not complete.*{said}"):
        load_estimator(damaged(dump_estimator(fitted("trees")), change))


def test_a_memory_image_in_the_place_of_text_is_refused():
    """The binary form, or JSON with a key twice, would be read by other code than that which checks."""
    model = fitted("trees")
    members = parts(dump_estimator(model))
    name, document = xgboost_file(members)
    image = bytes(model.estimator_.get_booster().__getstate__()["handle"])
    twice = (
        json.dumps(document, sort_keys=True, separators=(",", ":")).replace("{", '{"Model":1,', 1).encode()
    )
    for content in (image, twice, b"", b"[]", b"\x80\x04N."):
        with pytest.raises(StoreError, match="a booster in it is not complete"):
            load_estimator(pack(members | {name: content}))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"left_child=\d+", "left_child=1000"),
        (r"left_child=\d+ ", "left_child=0 "),
        (r"split_feature=\d", "split_feature=4"),
        (r"leaf_value=\S+ ", "leaf_value="),
        (r"num_leaves=\d+", "num_leaves=2000"),
        (r"decision_type=\d", "decision_type=1"),
        (r"tree_sizes=\d", "tree_sizes=9"),
        (r"max_feature_idx=3", "max_feature_idx=300"),
        (r"num_class:3", "num_class:30"),
        (r"end of trees", "end"),
        (r"num_class=3", "num_class=3\\\\nnum_class=3"),
    ],
)
def test_a_booster_of_lightgbm_that_leads_outside_is_refused(before, after):
    members = parts(dump_estimator(fitted("leaves")))
    schema = members["schema.json"].decode()
    changed, count = re.subn(before, after, schema, count=1)
    assert count == 1
    with pytest.raises(StoreError, match="a booster in it is not complete"):
        load_estimator(pack(members | {"schema.json": changed.encode()}))


def test_a_library_that_is_not_installed_is_named(monkeypatch):
    saved = dump_estimator(fitted("leaves"))
    monkeypatch.setattr(boosters, "find_spec", lambda name: None)
    with pytest.raises(StoreError, match="trained with lightgbm, which is not installed here") as caught:
        load_estimator(saved)
    assert caught.value.help == "pip install 'mlopsc[lightgbm]'"


def test_another_thing_of_the_libraries_is_not_trusted():
    for name in ("xgboost.core.DMatrix", "xgboost.sklearn.XGBRanker", "lightgbm.basic.Dataset"):
        module, _, kind = name.rpartition(".")
        node = {"__class__": kind, "__module__": module, "__loader__": "ObjectNode", "protocol": 2}
        with pytest.raises(StoreError, match=f"not trusted: {re.escape(name)}"):
            load_estimator(pack({"schema.json": json.dumps(node).encode()}))
