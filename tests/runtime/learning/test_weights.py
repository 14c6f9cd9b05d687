import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.weights import read_weights, weigh_classes, weight_argument

LABEL = np.array([True, False, False, False])


def test_an_estimator_with_class_weights_is_told_them():
    estimator = LogisticRegression()
    assert weigh_classes(estimator, {"true": 3.0}, LABEL) is None
    assert estimator.class_weight == {True: 3.0}
    assert weigh_classes(estimator, "balanced", LABEL) is None
    assert estimator.class_weight == "balanced"


def test_another_gets_the_weight_of_each_row():
    estimator = GradientBoostingClassifier()
    balanced = weigh_classes(estimator, "balanced", LABEL)
    assert balanced.tolist() == [2.0, 2 / 3, 2 / 3, 2 / 3]  # n / (classes · rows of the class)
    named = weigh_classes(estimator, {"b": 5.0}, np.array(["a", "b", "a"], dtype=object))
    assert named.tolist() == [1.0, 5.0, 1.0]
    numbers = weigh_classes(estimator, {"0": 2.0, "1": 4.0}, np.array([0, 1, 1]))
    assert numbers.tolist() == [2.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("estimator", "setting", "said"),
    [
        (Ridge(), "balanced", "`class_weight` is for classifiers, and Ridge is none"),
        (KNeighborsClassifier(), "balanced", "`class_weight`: KNeighborsClassifier takes no weights"),
        (LogisticRegression(), {"yes": 2.0}, "names 'yes', which no label of the train part is"),
    ],
)
def test_weights_that_mean_nothing_are_an_error(estimator, setting, said):
    with pytest.raises(StepFailed, match=said):
        weigh_classes(estimator, setting, LABEL)


def test_the_last_part_of_a_pipeline_takes_the_weights():
    inner = make_pipeline(StandardScaler(), GradientBoostingClassifier())
    assert weight_argument(inner) == "gradientboostingclassifier__sample_weight"
    assert weight_argument(make_pipeline(KNeighborsClassifier())) is None


def test_balance_counts_the_weights_that_rows_have():
    weights = np.array([3.0, 1.0, 1.0, 1.0])
    assert weigh_classes(GradientBoostingClassifier(), "balanced", LABEL, weights).tolist() == [1.0] * 4


@pytest.mark.parametrize("name", ["w", "__aux__w"])
def test_weights_come_from_a_feature_or_an_auxiliary_column(tmp_path, name):
    pq.write_table(pa.table({"other": [9, 9], name: pa.array([1, 0], pa.int8())}), tmp_path / "t")
    assert read_weights(tmp_path / "t", "w").tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, None, -2.0, -3.0], "of 4 weights in column 'w' 1 null and 2 negative: expected finite"),
        ([1.0, float("inf"), 1.0, 1.0], "1 infinite"),
        ([0, 0, 0, 0], "every weight in column 'w' is 0: nothing would be learned"),
        (["1", "2", "3", "4"], "column 'w' is a string: expected numbers"),
    ],
)
def test_what_is_no_weight_is_an_error(tmp_path, values, said):
    pq.write_table(pa.table({"__aux__w": values}), tmp_path / "t")
    with pytest.raises(StepFailed, match=said):
        read_weights(tmp_path / "t", "w")
