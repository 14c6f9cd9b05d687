# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told

TEXT_LABEL = "{entities: {label: origin}, features: [distance], metrics: [accuracy]"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "training: {late: {class_weight: balanced}}",
            [],
            id="balanced",
        ),
        pytest.param(
            "training: {late: {class_weight: {'true': 3, 'false': 0.5}}}",
            [],
            id="a weight for each label",
        ),
        pytest.param(
            "training: {late: {class_weight: {'True': 3, late: 2}}}",
            [
                "MLC323 «'True'» no label is 'True' | did you mean 'true'?",
                "MLC323 «late» no label is 'late' | labels are false, true",
            ],
            id="weights of what is no label of a condition",
        ),
        pytest.param(
            "{datasets: {flights: {columns: {origin: {allowed: [EWR, JFK]}}}}, training: {late: "
            + TEXT_LABEL
            + ", class_weight: {EWR: 2, JKF: 3}}}}",
            ["MLC323 «JKF» no label is 'JKF' | did you mean 'JFK'?"],
            id="weights of what a column may not hold",
        ),
        pytest.param(
            "{training: {late: " + TEXT_LABEL + ", class_weight: {ewr: 2}}}}",
            [],
            id="labels that only a run can tell",
        ),
        pytest.param(
            "training: {late: {entities: {label: dep_delay}, estimator: sklearn.linear_model.Ridge, metrics: [r2], class_weight: balanced}}",
            [
                "MLC323 «class_weight» `class_weight` is for classifiers, but Ridge is a regressor | leave it out, or use a classifier",
            ],
            id="a regressor",
        ),
        pytest.param(
            "training: {late: {params: {class_weight: balanced}, class_weight: balanced}}",
            ["MLC323 «class_weight» the weights of classes are given twice | leave one of the two out"],
            id="twice",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.ensemble.GradientBoostingClassifier, class_weight: balanced}}",
            [],
            id="an estimator that takes weights of rows",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.neighbors.KNeighborsClassifier, class_weight: balanced}}",
            [
                "MLC324 «class_weight» KNeighborsClassifier takes no weights when it is fitted, so `class_weight` would do nothing | leave it out, or use an estimator whose `fit` has `sample_weight`",
            ],
            id="an estimator that takes none",
        ),
        pytest.param(
            "training: {late: {class_weight: {'true': 0}}}",
            ["MLC105 «0» must be greater than 0, found the number 0"],
            id="a weight of nothing",
        ),
        pytest.param(
            "training: {late: {class_weight: ballanced}}",
            ["MLC104 «ballanced» expected balanced, found text 'ballanced' | did you mean 'balanced'?"],
            id="another word",
        ),
        pytest.param(
            "training: {late: {sample_weight: dep_delay, estimator: sklearn.naive_bayes.GaussianNB}}",
            [],
            id="weights of rows",
        ),
        pytest.param(
            "training: {late: {sample_weight: dep_dely}}",
            ["MLC301 «dep_dely» 'flights' has no column 'dep_dely' | did you mean 'dep_delay'?"],
            id="weights in a column that is not there",
        ),
        pytest.param(
            "training: {late: {sample_weight: carrier, estimator: sklearn.neighbors.KNeighborsClassifier}}",
            [
                "MLC324 «sample_weight» KNeighborsClassifier takes no weights when it is fitted, so `sample_weight` would do nothing | leave it out, or use an estimator whose `fit` has `sample_weight`",
                "MLC302 «carrier» column 'carrier' is string, a weight is a number | name a column of numbers that are not negative",
            ],
            id="weights of text, for an estimator that takes none",
        ),
        pytest.param(
            "training: {late: {calibrate: {}, threshold: {maximize: f1, cv: 3}}}", [], id="sound decisions"
        ),
        pytest.param(
            "training: {late: {entities: {label: dep_delay}, estimator: sklearn.linear_model.Ridge, metrics: [r2], calibrate: {method: isotonic}, threshold: {value: 3}}}",
            [
                "MLC325 «calibrate» `calibrate` is for classifiers, but Ridge is a regressor | leave it out, or use a classifier",
                "MLC326 «threshold» `threshold` is for classifiers, but Ridge is a regressor | leave it out, or use a classifier",
            ],
            id="decisions of a regressor",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.neighbors.NearestCentroid, metrics: [accuracy], calibrate: {}}}",
            [],
            id="probabilities since scikit-learn 1.6",
        ),
        pytest.param(
            "training: {late: {threshold: {value: 30}}}",
            [
                "MLC326 «30» LogisticRegression gives probabilities: expected a threshold between 0 and 1, found 30 | probabilities are shares: 0.3 for 30 %",
            ],
            id="a threshold in percent",
        ),
        pytest.param(
            "{datasets: {flights: {columns: {origin: {allowed: [EWR, JFK, LGA]}}}}, training: {late: "
            + TEXT_LABEL
            + ", threshold: {min_recall: 0.8}}}}",
            [
                "MLC326 «threshold» a threshold parts two classes, the label has 3 | compare the label with one of them: `label: \"outcome = 'late'\"`",
            ],
            id="a threshold among three classes",
        ),
        pytest.param(
            "training: {late: {threshold: {maximize: roc_auc}}}",
            [
                "MLC326 «roc_auc» 'roc_auc' does not depend on a threshold between two classes | scorers of decisions are f1, balanced_accuracy, matthews_corrcoef, …",
            ],
            id="a scorer of rankings",
        ),
        pytest.param(
            "training: {late: {threshold: {maximize: f1_macr}}}",
            ["MLC310 «f1_macr» scikit-learn has no scorer 'f1_macr' | did you mean 'f1_macro'?"],
            id="a misspelt scorer",
        ),
        pytest.param(
            "training: {late: {threshold: {maximize: value_total}}}",
            [
                "MLC310 «value_total» scikit-learn has no scorer 'value_total' | declare the training's `cost_matrix`, which adds it",
            ],
            id="values without a cost matrix",
        ),
        pytest.param(
            "training: {late: {threshold: {maximize: f1, min_recall: 0.5}}}",
            [
                "MLC109 «threshold» expected exactly one of `value`, `maximize`, `min_recall`, `min_precision` and `cost_matrix`",
            ],
            id="two rules",
        ),
        pytest.param(
            "training: {late: {calibrate: {cv: 3, validation: 0.2}}}",
            [
                "MLC109 «calibrate» `cv` holds out each fold in turn, `validation` one share: expected one of them",
            ],
            id="folds and a share",
        ),
    ],
)
def test_what_is_said_of_the_fit_suits_label_and_estimator(
    tmp_path: Path, fragment: str, expected: list[str]
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected


def test_a_refit_needs_a_model_that_is_registered(tmp_path: Path) -> None:
    refitted = merged(SMALL, "training: {late: {refit: true}}")
    assert told(tmp_path, refitted) == [
        "MLC124 «refit» `refit` would do nothing: no model of `registry` comes from 'late' | register one, `registry: {NAME: {training: late, stages: …}}`, or leave `refit` out"
    ]
    assert told(tmp_path, merged(refitted, "registry: {m: {training: late, stages: {live: {}}}}")) == []
