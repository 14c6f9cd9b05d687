"""A tree whose nodes lead outside of it is refused, before a prediction could follow them."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.tree import DecisionTreeClassifier

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
from mlopsc.runtime.models.strictzip import pack

X = np.random.default_rng(0).normal(size=(200, 3))
Y = X[:, 0] * X[:, 1] > 0


def tamper(saved, change):
    """Apply `change` to every array of tree nodes in a saved estimator."""
    with zipfile.ZipFile(BytesIO(saved)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name in [name for name in files if name.endswith(".npy")]:
        array = np.load(BytesIO(files[name]))
        if array.dtype.names:
            change(array)
            buffer = BytesIO()
            np.save(buffer, array)
            files[name] = buffer.getvalue()
    return pack(files)


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 999), ("right_child", 0), ("left_child", -7), ("feature", 3), ("feature", -9)],
)
def test_a_forests_node_that_leads_outside_is_refused(field, value):
    saved = dump_estimator(RandomForestClassifier(3, random_state=0).fit(X, Y))

    def change(nodes):
        nodes[field][0] = value

    with pytest.raises(StoreError, match="not a model: a tree"):
        load_estimator(tamper(saved, change))


@pytest.mark.parametrize(
    ("field", "value"), [("left", 999), ("right", 0), ("feature_idx", 3), ("feature_idx", -1)]
)
def test_a_boosted_trees_node_that_leads_outside_is_refused(field, value):
    saved = dump_estimator(HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(X, Y))

    def change(nodes):
        nodes[field][0] = value

    with pytest.raises(StoreError, match="not a model: a tree"):
        load_estimator(tamper(saved, change))


def test_a_set_of_categories_that_is_not_there_is_refused():
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=[0], random_state=0)
    saved = dump_estimator(model.fit(np.column_stack([np.arange(200) % 5, X[:, 1]]), np.arange(200) % 5 > 2))

    def change(nodes):
        nodes["bitset_idx"][nodes["is_categorical"] != 0] = 999

    with pytest.raises(StoreError, match="set of categories"):
        load_estimator(tamper(saved, change))


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(max_leaf_nodes=9),
        RandomForestClassifier(3),
        AdaBoostClassifier(n_estimators=3),
        GradientBoostingClassifier(n_estimators=3),
        BaggingClassifier(n_estimators=3, max_features=0.7),
        IsolationForest(n_estimators=3, max_features=0.7),
        make_pipeline(PolynomialFeatures(3), RandomForestClassifier(3)),
        StackingClassifier(
            [(str(i), DecisionTreeClassifier(max_depth=2)) for i in range(5)],
            DecisionTreeClassifier(),
            passthrough=True,
            cv=2,
        ),
        BaggingClassifier(make_pipeline(PolynomialFeatures(3), DecisionTreeClassifier()), n_estimators=2),
        HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_honest_trees_pass(model):
    features = np.column_stack([np.arange(200) % 5, X])
    model.fit(features, Y)
    assert np.array_equal(load_estimator(dump_estimator(model)).predict(features), model.predict(features))
