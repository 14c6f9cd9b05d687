import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.models.canonical import dump_estimator, load_estimator
from mlopsc.vocabulary.preprocessing import Preprocessing

KINDS = {"n": "numeric", "b": "boolean", "s": "string"}


def table(rows=120, **columns):
    random = np.random.default_rng(7)
    own = {
        "n": random.normal(100, 20, rows),
        "b": random.integers(0, 2, rows).astype(float),
        "s": random.choice(np.array(["x", "y", "z"], dtype=object), rows),
    }
    # As the frames of this package: objects, not pandas' own strings.
    frame = pd.DataFrame({name: pd.Series(v, dtype=v.dtype) for name, v in (own | columns).items()})
    frame.loc[::10, "n"] = np.nan
    frame.loc[::15, "s"] = np.nan
    return frame


def label(frame):
    return (frame["s"] == "x").to_numpy()


def fitted(estimator, frame, kinds=KINDS, **settings):
    pipeline = make_pipeline(estimator, frame, kinds, Preprocessing.model_validate(settings))
    return pipeline.fit(frame, label(frame))


def matrix(pipeline, frame):
    found = pipeline.named_steps["preprocess"].transform(frame)
    return found.toarray() if hasattr(found, "toarray") else found


ESTIMATORS = [
    LogisticRegression(),
    SVC(),
    KNeighborsClassifier(),
    MLPClassifier(max_iter=3000, tol=0.1, random_state=0),
    GaussianNB(),
    RandomForestClassifier(5, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5),
    BaggingClassifier(LogisticRegression(), 3, random_state=0),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_mixed_columns_suit_every_estimator_and_survive_saving(estimator):
    frame = table()
    pipeline = fitted(estimator, frame)
    strange = pd.DataFrame(
        {"s": pd.Series(["never seen", "x", np.nan], dtype=object), "b": [1, 0, 1], "n": [1, 2, 3]}
    )
    loaded = load_estimator(dump_estimator(pipeline))
    assert loaded.predict(frame).tolist() == pipeline.predict(frame).tolist()
    assert loaded.predict(strange).tolist() == pipeline.predict(strange).tolist()


def test_trees_that_take_nulls_get_numbers_as_they_are():
    frame = table()
    found = matrix(fitted(HistGradientBoostingClassifier(max_iter=2), frame), frame)
    np.testing.assert_array_equal(found[:, :2], frame[["n", "b"]].to_numpy())
    assert np.isnan(found[0, 2])


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), KNeighborsClassifier(), SVC(), BaggingClassifier(LogisticRegression())],
)
def test_what_depends_on_units_gets_the_median_and_standard_scores(estimator):
    frame = table()
    found = matrix(fitted(estimator, frame), frame)
    filled = frame["n"].fillna(frame["n"].median())
    np.testing.assert_allclose(found[:, 0], (filled - filled.mean()) / filled.std(ddof=0))


def test_boosting_without_nulls_gets_the_median_unscaled():
    frame = table()
    found = matrix(fitted(GradientBoostingClassifier(n_estimators=2), frame), frame)
    np.testing.assert_array_equal(found[:, 0], frame["n"].fillna(frame["n"].median()))


def test_the_median_is_that_of_the_train_part():
    train, test = table(), table(n=np.full(120, 1e9))
    pipeline = fitted(GradientBoostingClassifier(n_estimators=2), train)
    assert matrix(pipeline, test)[0, 0] == train["n"].median()


def test_one_hot_gives_null_its_own_column_and_the_unseen_none():
    frame = table()
    pipeline = fitted(RandomForestClassifier(2), frame)
    rows = pd.DataFrame({"n": [0.0] * 3, "b": [0.0] * 3, "s": ["x", np.nan, "never seen"]}, dtype=object)
    found = matrix(pipeline, rows)[:, 2:].astype(float)
    assert found.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_up_to_255_categories_are_native_to_histogram_boosting_and_more_are_codes():
    many = np.array([f"c{i % 256:03}" for i in range(1024)], dtype=object)
    few = np.array([f"c{i % 255:03}" for i in range(1024)], dtype=object)
    kinds = KINDS | {"many": "string", "few": "string"}
    frame = table(1024, many=many, few=few)
    model = fitted(HistGradientBoostingClassifier(max_iter=2), frame, kinds).named_steps["estimator"]
    assert model.is_categorical_.tolist() == [False, False, True, True, False]


def test_beyond_max_categories_the_rare_go_together():
    many = np.array([f"c{i % 300:03}" for i in range(1024)], dtype=object)
    kinds, frame = {"many": "string", "s": "string"}, table(1024, many=many)
    pooled = {"categorical": {"max_categories": 20}}
    model = fitted(HistGradientBoostingClassifier(max_iter=2), frame, kinds, **pooled)
    assert model.named_steps["estimator"].is_categorical_.tolist() == [True, True]
    onehot = fitted(LogisticRegression(), frame, {"many": "string"}, **pooled)
    assert matrix(onehot, frame).shape[1] == 20


def test_the_users_own_categorical_features_stand():
    estimator = HistGradientBoostingClassifier(max_iter=2, categorical_features=[1])
    model = fitted(estimator, table()).named_steps["estimator"]
    assert model.is_categorical_.tolist() == [False, True, False]


def test_a_column_without_values_is_left_out_and_a_constant_one_is_harmless():
    frame = table(
        empty=np.full(120, np.nan), blank=np.full(120, np.nan, dtype=object), same=np.full(120, 3.0)
    )
    kinds = KINDS | {"empty": "numeric", "blank": "string", "same": "numeric"}
    for estimator in (HistGradientBoostingClassifier(max_iter=2), LogisticRegression()):
        pipeline = fitted(estimator, frame, kinds)
        before = pipeline.predict(frame)
        later = frame.assign(empty=5.0, blank="new")
        assert pipeline.predict(later).tolist() == before.tolist()


def test_nothing_but_empty_columns_is_an_error():
    frame = pd.DataFrame({"empty": np.full(3, np.nan)})
    with pytest.raises(StepFailed, match="no feature has a value in the train part"):
        make_pipeline(LogisticRegression(), frame, {"empty": "numeric"}, Preprocessing())


def test_numbers_can_be_declared_categories():
    frame = table(hour=np.arange(120) % 24.0)
    kinds = {"n": "numeric", "hour": "numeric"}
    pipeline = fitted(LogisticRegression(), frame, kinds, categorical_columns=["hour"])
    assert matrix(pipeline, frame).shape[1] == 1 + 24
    assert matrix(pipeline, pd.DataFrame({"n": [1], "hour": [99]}))[0, 1:].sum() == 0


def test_a_category_that_is_no_feature_is_an_error():
    with pytest.raises(
        StepFailed, match=r"`preprocess\.categorical_columns` names what is not a feature: hours"
    ):
        fitted(LogisticRegression(), table(), categorical_columns=["hours"])


@pytest.mark.parametrize("impute", ["mean", "median", "most_frequent"])
@pytest.mark.parametrize("scale", ["none", "standard", "minmax", "robust"])
def test_numeric_settings_override(impute, scale):
    pipeline = fitted(RandomForestClassifier(2), table(), numeric={"impute": impute, "scale": scale})
    assert not np.isnan(matrix(pipeline, table())).any()


@pytest.mark.parametrize("impute", ["none", "most_frequent", "missing"])
@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
def test_categorical_settings_override(impute, encode):
    frame, settings = table(), {"impute": impute, "encode": encode}
    found = matrix(fitted(RandomForestClassifier(2), frame, categorical=settings), frame)
    width = {"onehot": 3 if impute == "most_frequent" else 4, "ordinal": 1}[encode]
    assert found.shape[1] == 2 + width
    assert np.isnan(found[:, 2:]).any() == (encode == "ordinal" and impute != "most_frequent")


def test_ordinal_codes_of_null_and_the_unseen_are_numbers_where_nan_is_not_taken():
    frame = table()
    pipeline = fitted(GaussianNB(), frame, categorical={"encode": "ordinal"})
    rows = pd.DataFrame({"n": [0.0] * 3, "b": [0.0] * 3, "s": ["y", "never seen", np.nan]})
    assert matrix(pipeline, rows)[:, 2].tolist() == [1, -1, -2]


class Majority(ClassifierMixin, BaseEstimator):
    """Predicts the most frequent class."""

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.best_ = self.classes_[counts.argmax()]
        assert not np.isnan(X).any()
        return self

    def predict(self, X):
        return np.full(len(X), self.best_)


def test_a_users_class_gets_a_dense_matrix_without_nulls():
    frame = table()
    assert len(fitted(Majority(), frame).predict(frame)) == len(frame)


def named(estimator=None, **columns):
    frame = table()
    return frame, fitted(LogisticRegression() if estimator is None else estimator, frame, columns=columns)


def test_a_column_by_name_differs_from_its_kind_and_keeps_the_rest_of_it():
    frame = table()
    pipeline = fitted(
        LogisticRegression(),
        frame,
        numeric={"impute": {"constant": 7}, "scale": "none"},
        columns={"n": {"scale": "minmax"}},
    )
    filled = frame["n"].fillna(7)
    found = matrix(pipeline, frame)
    # Features of one treatment stand together: `b` has its kind's, `n` its own.
    np.testing.assert_allclose(found[:, 0], (filled - filled.min()) / (filled.max() - filled.min()))
    np.testing.assert_array_equal(found[:, 1], frame["b"])


@pytest.mark.parametrize("scale", ["standard", "minmax", "maxabs", "robust", "log1p", "quantile", "power"])
def test_every_scaling_keeps_order_and_survives_saving(scale):
    frame, pipeline = named(n={"scale": scale, "impute": "median"})
    order = matrix(pipeline, frame)[:, 0][np.argsort(frame["n"].fillna(frame["n"].median()).to_numpy())]
    assert (np.diff(order) >= -1e-12).all()
    loaded = load_estimator(dump_estimator(pipeline))
    np.testing.assert_array_equal(matrix(loaded, frame), matrix(pipeline, frame))
    assert dump_estimator(loaded) == dump_estimator(named(n={"scale": scale, "impute": "median"})[1])


def test_bins_hold_equally_many_rows():
    frame, pipeline = named(n={"bins": 4, "impute": "median"})
    found = matrix(pipeline, frame)[:, 1:5]
    assert set(np.unique(found)) == {0.0, 1.0}
    assert found.sum() == len(frame)


def test_an_indicator_tells_where_null_was_and_is_not_scaled():
    frame, pipeline = named(n={"indicator": True})
    np.testing.assert_array_equal(matrix(pipeline, frame)[:, -1], frame["n"].isna())


def test_a_number_that_is_encoded_is_a_category():
    frame, pipeline = named(RandomForestClassifier(2, random_state=0), b={"encode": "onehot"})
    assert matrix(pipeline, frame).shape[1] == 1 + 2 + 4


def test_target_encoding_is_learned_on_other_rows_than_it_is_used_for():
    """A column of one category a row tells its row's label if it is encoded on that row."""
    frame = table(rows=120, s=np.array([f"row{i}" for i in range(120)], dtype=object))
    settings = Preprocessing.model_validate({"columns": {"s": {"encode": "target", "impute": "none"}}})
    truth = np.random.default_rng(0).integers(0, 2, 120)
    pipeline = make_pipeline(LogisticRegression(), frame, KINDS, settings, seed=5)
    crossed = pipeline.named_steps["preprocess"].fit_transform(frame, truth)[:, -1]
    assert abs(np.corrcoef(crossed[frame["s"].notna()], truth[frame["s"].notna()])[0, 1]) < 0.3
    one, two = (dump_estimator(pipeline.fit(frame, truth)) for _ in range(2))
    assert one == two


def test_as_it_is():
    frame, pipeline = named(HistGradientBoostingClassifier(max_iter=2), n="passthrough")
    np.testing.assert_array_equal(matrix(pipeline, frame)[:, -1], frame["n"])


def test_native_categories_stand_before_what_numbers_become():
    frame = table()
    pipeline = fitted(HistGradientBoostingClassifier(max_iter=2), frame, columns={"n": {"bins": 3}})
    assert pipeline.named_steps["estimator"].categorical_features == [1]
    assert pipeline.named_steps["estimator"].is_categorical_.tolist() == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": "passthrough"}, r"`preprocess\.columns` names what is not a feature: x"),
        ({"s": {"scale": "robust"}}, "'s' holds categories, and `scale` is for numbers"),
        ({"n": {"impute": "missing"}}, "'n' holds numbers, and a text for null"),
    ],
)
def test_settings_that_do_not_suit_a_feature_are_an_error(columns, said):
    with pytest.raises(StepFailed, match=said):
        fitted(LogisticRegression(), table(), columns=columns)


@pytest.mark.parametrize(
    "settings",
    [
        {"python": "m:f"},
        {"columns": {"n": {"scale": "robust"}, "s": {"encode": "target"}, "b": "passthrough"}},
        {"columns": {"n": {"impute": {"constant": 0}, "bins": 3}, "s": {"python": "m:f"}}},
    ],
)
def test_settings_survive_being_written_in_a_plan(settings):
    read = Preprocessing.model_validate(settings)
    again = Preprocessing.model_validate_json(read.model_dump_json())
    assert again == read
    assert again.functions() == read.functions()
