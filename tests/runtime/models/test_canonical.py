"""Equal estimators have equal bytes: in any process, with any number of threads, after a round trip."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator

FIT = """
import hashlib, sys
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from mlopsc.runtime.models.canonical import dump_estimator

jobs = int(sys.argv[1])
rng = np.random.default_rng(0)
X = pd.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400), "c": rng.choice(list("uvw"), 400)})
X.loc[::7, "a"] = np.nan
y = (X["b"] + (X["c"] == "u") > 0.3).to_numpy()
numeric = X[["a", "b"]].fillna(0).to_numpy()
mixed = ColumnTransformer(
    [
        ("numeric", make_pipeline(SimpleImputer(), StandardScaler()), ["a", "b"]),
        ("categorical", OneHotEncoder(handle_unknown="ignore"), ["c"]),
    ],
    n_jobs=jobs,
)
for model, features in (
    (LogisticRegression(), numeric),
    (RandomForestClassifier(12, random_state=0, n_jobs=jobs), numeric),
    (HistGradientBoostingClassifier(max_iter=12, random_state=0, early_stopping=True), numeric),
    (make_pipeline(mixed, LogisticRegression()), X),
):
    print(type(model).__name__, hashlib.sha256(dump_estimator(model.fit(features, y))).hexdigest())
"""


def data():
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(200, 5)))
    return X, (X[:, 0] > X[:, 1]).astype(int)


def test_two_processes_with_other_hash_seeds_and_thread_counts_make_equal_bytes():
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIT, jobs],
            env=os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": jobs},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, jobs in (("1", "1"), ("2", "2"))
    ]
    one, two = (process.communicate()[0].splitlines() for process in processes)
    assert len(one) == 4
    assert one == two


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(5, random_state=0, n_jobs=2),
        HistGradientBoostingClassifier(max_iter=5, random_state=0),
        SGDClassifier(random_state=0),
        KNeighborsClassifier(),
        make_pipeline(
            ColumnTransformer(
                [("n", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1])], remainder="passthrough"
            ),
            LogisticRegression(),
        ),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_loading_and_dumping_gives_the_same_bytes_and_predictions(estimator):
    X, y = data()
    saved = dump_estimator(estimator.fit(X, y))
    loaded = load_estimator(saved)
    assert dump_estimator(loaded) == saved
    assert dump_estimator(estimator) == saved  # dumping changes nothing
    assert np.array_equal(
        loaded.predict_proba(X) if hasattr(loaded, "predict_proba") else loaded.predict(X),
        estimator.predict_proba(X) if hasattr(loaded, "predict_proba") else estimator.predict(X),
    )


def test_how_many_threads_fitted_a_model_is_no_part_of_it():
    X, y = data()
    one, two = (dump_estimator(RandomForestClassifier(5, random_state=0, n_jobs=n).fit(X, y)) for n in (1, 2))
    assert one == two
    assert load_estimator(one).n_jobs is None


def test_sets_and_sparse_matrices_are_saved_in_one_way():
    from sklearn.feature_extraction.text import CountVectorizer

    words = [f"word{i}" for i in range(50)]
    one, two = (
        CountVectorizer(stop_words=frozenset(words)),
        CountVectorizer(stop_words=frozenset(words[::-1])),
    )
    assert dump_estimator(one) == dump_estimator(two)
    assert load_estimator(dump_estimator(one)).stop_words == frozenset(words)
    X, y = data()
    model = KNeighborsClassifier().fit(sparse.csr_matrix(X), y)
    saved = dump_estimator(model)
    assert dump_estimator(load_estimator(saved)) == saved


def test_an_object_in_two_places_stays_one_object():
    X, y = data()
    shared = np.random.RandomState(3)
    model = make_pipeline(SGDClassifier(random_state=shared))
    model.set_params(sgdclassifier__random_state=shared).fit(X, y)
    model.again_ = model.steps[0][1]
    loaded = load_estimator(dump_estimator(model))
    assert loaded.again_ is loaded.steps[0][1]


def test_what_cannot_be_saved_without_pickle_is_said():
    X, y = data()
    model = MultinomialNB().fit(X, y)
    model.rule_ = lambda x: x
    with pytest.raises(SpecError, match="MultinomialNB cannot be saved"):
        dump_estimator(model)
