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
    ],
)
def test_weights_suit_label_and_estimator(tmp_path: Path, fragment: str, expected: list[str]) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
