# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told

HISTOGRAM = (
    "estimator: sklearn.ensemble.HistGradientBoostingClassifier, params: {max_iter: 5, monotonic_cst: {%s}}"
)
NUMBERS = "for numbers: `impute` (mean, median, a constant number), `indicator`, `scale`, `bins`"
TEXT = "for categories: `impute` (missing, most_frequent, a constant text), `encode`, `max_categories`"


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        pytest.param(
            "preprocess: {columns: {distane: passthrough}}",
            ["MLC202 «distane» 'distane' is not a feature of 'late' | did you mean 'distance'?"],
            id="no feature",
        ),
        pytest.param(
            "preprocess: {columns: {hour: {impute: missing}, carrier: {scale: robust}}}",
            [
                f"MLC317 «hour» 'hour' holds numbers, and a text for null, as `missing`, is for categories | {NUMBERS}",
                f"MLC317 «carrier» 'carrier' holds categories, and `scale` is for numbers | {TEXT}",
            ],
            id="settings of the other kind",
        ),
        pytest.param(
            "preprocess: {categorical_columns: [hour], columns: {hour: {impute: {constant: 0}}}}",
            [
                f"MLC317 «hour» 'hour' holds categories, which have no mean, median or number for null | {TEXT}"
            ],
            id="a number declared a category",
        ),
        pytest.param(
            "preprocess: {columns: {carrier: passthrough}}",
            [
                "MLC317 «passthrough» 'carrier' is text, which LogisticRegression does not take | `encode` it, or leave it to `auto`"
            ],
            id="text as it is",
        ),
        pytest.param(
            "preprocess: {columns: {distance: {scale: robst}}}",
            [
                "MLC104 «robst» expected one of auto, none, standard, minmax, maxabs, robust, log1p, quantile, power, found text 'robst' | did you mean 'robust'?"
            ],
            id="a misspelt word",
        ),
        pytest.param(
            "preprocess: {columns: {distance: {scale: robust, encode: onehot}}}",
            ["MLC109 «distance» `scale` is for numbers, `encode` and `max_categories` make categories"],
            id="settings that exclude each other",
        ),
        pytest.param(
            "preprocess: {python: 'models:winsorized', numeric: {impute: mean}}",
            ["MLC109 «preprocess» `python` does all preprocessing: leave out the other keys"],
            id="a key that would do nothing",
        ),
        pytest.param(
            "preprocess: {columns: {hour: {python: 'models:winsorize'}}}",
            ["MLC213 «models:winsorize» models.py does not define 'winsorize' | did you mean 'winsorized'?"],
            id="a function that is not there",
        ),
        pytest.param(
            HISTOGRAM % "distanc: 1, hour: 2, carrier: 1, distance: -1",
            [
                "MLC318 «distanc» 'distanc' is not a feature of 'late' | did you mean 'distance'?",
                "MLC318 «2» a monotonic constraint is 1, -1 or 0, found 2 | 1: the prediction may only rise with the feature; -1: only fall",
                "MLC318 «carrier» 'carrier' is no number when the estimator sees it | constrain features that are numbers, neither encoded nor put into bins",
            ],
            id="constraints",
        ),
    ],
)
def test_what_is_said_of_features_suits_them(training: str, expected: list[str], tmp_path: Path) -> None:
    fragment = f"training: {{late: {{features: [distance, hour, carrier], {training}}}}}"
    assert told(tmp_path, merged(SMALL, fragment)) == expected
