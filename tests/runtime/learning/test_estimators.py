import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.tree import DecisionTreeClassifier

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.estimators import make_estimator, seeded
from mlopsc.vocabulary.estimators import CustomEstimator


def test_randomness_comes_from_the_seed_unless_the_parameters_say_otherwise(tmp_path):
    forest = "sklearn.ensemble.RandomForestClassifier"
    assert make_estimator(forest, {}, 7, tmp_path).random_state == 7
    assert make_estimator(forest, {"random_state": 3}, 7, tmp_path).random_state == 3
    assert make_estimator(forest, {"random_state": None}, 7, tmp_path).random_state is None


def test_parts_are_seeded_too():
    bag = seeded(BaggingClassifier(DecisionTreeClassifier()), 7)
    assert (bag.random_state, bag.estimator.random_state) == (7, 7)


def test_the_number_of_jobs_stays_as_it_is(tmp_path):
    assert make_estimator("sklearn.linear_model.LinearRegression", {"n_jobs": 2}, 0, tmp_path).n_jobs == 2


def test_a_users_function_makes_the_estimator_from_parameters_and_seed(tmp_path):
    (tmp_path / "own_estimators.py").write_text(
        "from sklearn.linear_model import Ridge\n"
        "def ridge(params, seed):\n"
        "    return Ridge(**params, random_state=seed + 1)\n"
    )
    made = make_estimator(CustomEstimator(python="own_estimators:ridge"), {"alpha": 2.0}, 7, tmp_path)
    assert (made.alpha, made.random_state) == (2.0, 8)


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("sklearn.ensemble.Forest", {}, "there is no estimator 'sklearn.ensemble.Forest'"),
        (
            "sklearn.linear_model.Ridge",
            {"alpa": 1},
            "estimator sklearn.linear_model.Ridge: TypeError: .*alpa",
        ),
        ("collections.OrderedDict", {}, "made a OrderedDict: expected a scikit-learn estimator"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path, path, params, said):
    with pytest.raises(StepFailed, match=said):
        make_estimator(path, params, 0, tmp_path)


def test_a_users_function_that_raises_is_named(tmp_path):
    (tmp_path / "broken_estimators.py").write_text("def broken(params, seed):\n    raise KeyError('depth')\n")
    with pytest.raises(StepFailed, match="estimator function broken_estimators:broken: KeyError: 'depth'"):
        make_estimator(CustomEstimator(python="broken_estimators:broken"), {}, 0, tmp_path)
