# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            "training: {late: {estimator: sklearn.linear_model.LogistcRegression}}",
            [
                "MLC309 «sklearn.linear_model.LogistcRegression» scikit-learn has no estimator 'sklearn.linear_model.LogistcRegression' | did you mean 'sklearn.linear_model.LogisticRegression'?",
            ],
            id="an unknown estimator",
        ),
        pytest.param(
            "training: {late: {estimator: catboost.CatBoostClassifier}}",
            [
                "MLC309 «catboost.CatBoostClassifier» 'catboost.CatBoostClassifier' is no estimator of scikit-learn, XGBoost or LightGBM | for one of your own: `estimator: {python: module:function}`",
            ],
            id="another library",
        ),
        pytest.param(
            "training: {late: {estimator: xgboost.XGBClasifier}}",
            [
                "MLC309 «xgboost.XGBClasifier» xgboost has no estimator 'xgboost.XGBClasifier' | did you mean 'xgboost.XGBClassifier'?",
            ],
            id="an unknown booster",
        ),
        pytest.param(
            "training: {late: {estimator: lightgbm.LGBMRanker}}",
            [
                "MLC309 «lightgbm.LGBMRanker» lightgbm has no estimator 'lightgbm.LGBMRanker' | known: lightgbm 4.7.0",
            ],
            id="a booster that ranks",
        ),
        pytest.param(
            "training: {late: {estimator: xgboost.XGBClassifier, params: {max_dept: 3, subsample: 1.5, booster: tree, early_stopping_rounds: 5, eta: 0.1}}}",
            [
                "MLC311 «max_dept» unknown parameter 'max_dept' | did you mean 'max_depth'?",
                "MLC312 «1.5» subsample must be a number at least 0 and at most 1 or null, found 1.5",
                "MLC312 «tree» booster must be one of 'dart', 'gblinear', 'gbtree' or null, found 'tree' | did you mean 'gbtree'?",
                "MLC312 «5» early_stopping_rounds must be null, found 5",
            ],
            id="parameters of a booster",
        ),
        pytest.param(
            "training: {late: {entities: {label: dep_delay}, estimator: lightgbm.LGBMRegressor, params: {num_leafs: 3, num_leaves: 1, lambda_l1: 0.1}}}",
            [
                "MLC308 «roc_auc» 'roc_auc' measures classification, but LGBMRegressor is a regressor | for regression: r2, neg_root_mean_squared_error, neg_mean_absolute_error, …",
                "MLC311 «num_leafs» unknown parameter 'num_leafs' | did you mean 'num_leaf'?",
                "MLC312 «1» num_leaves must be an integer at least 2 and at most 131072, found 1",
            ],
            id="parameters and metrics of another booster",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.cluster.KMeans}}",
            [
                "MLC309 «sklearn.cluster.KMeans» 'sklearn.cluster.KMeans' is a clusterer | a training needs a classifier or a regressor",
            ],
            id="no predictor",
        ),
        pytest.param(
            "training: {late: {params: {Cs: 3, C: -1, solver: lbfg}}}",
            [
                "MLC311 «Cs» unknown parameter 'Cs'",
                "MLC312 «-1» C must be a number greater than 0, found -1",
                "MLC312 «lbfg» solver must be one of 'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga', found 'lbfg' | did you mean 'lbfgs'?",
            ],
            id="parameters",
        ),
        pytest.param(
            "training: {late: {params: {penalty: l2}}}",
            [
                "MLC409? «penalty» scikit-learn is about to drop the parameter 'penalty' of LogisticRegression | see the estimator's documentation for what takes its place",
            ],
            id="a deprecated parameter",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.ensemble.StackingClassifier}}",
            [
                "MLC312 «sklearn.ensemble.StackingClassifier» parameter 'estimators' must be given",
            ],
            id="a parameter that must be given",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.ensemble.BaggingClassifier, params: {estimator__max_depth: 3, estimater__x: 1}}}",
            [
                "MLC311 «estimater__x» unknown parameter 'estimater__x' | did you mean 'estimator'?",
            ],
            id="a parameter of a part",
        ),
        pytest.param(
            "training: {late: {metrics: [roc_auc, r2, roc_au, roc_auc]}}",
            [
                "MLC308 «r2» 'r2' measures regression, but LogisticRegression is a classifier | for classification: roc_auc, average_precision, f1, accuracy, neg_log_loss, …",
                "MLC310 «roc_au» scikit-learn has no scorer 'roc_au' | did you mean 'roc_auc'?",
                "MLC208 «roc_auc» metric 'roc_auc' comes twice | leave one out",
            ],
            id="metrics",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.linear_model.Ridge, entities: {label: dep_delay}}}",
            [
                "MLC308 «roc_auc» 'roc_auc' measures classification, but Ridge is a regressor | for regression: r2, neg_root_mean_squared_error, neg_mean_absolute_error, …",
            ],
            id="metrics of a regressor",
        ),
        pytest.param(
            "training: {late: {estimator: sklearn.linear_model.Perceptron, metrics: [neg_log_loss]}}",
            [
                "MLC308 «neg_log_loss» 'neg_log_loss' needs probabilities, which Perceptron does not give | leave it out, or use an estimator with `predict_proba`",
            ],
            id="probabilities",
        ),
        pytest.param(
            "training: {late: {entities: {label: carrier}, metrics: [roc_auc, f1]}}",
            [
                "MLC308 «f1» 'f1' asks which class is the positive one, and the label is text | compare the label with that class: `label: \"outcome = 'late'\"`",
            ],
            id="a label of text",
        ),
        pytest.param(
            "training: {late: {entities: {label: carrier}, estimator: sklearn.linear_model.Ridge, metrics: [r2]}}",
            [
                "MLC308 «carrier» the label is text, but Ridge predicts numbers | use a classifier, or make the label a number",
            ],
            id="a label of text for a regressor",
        ),
        pytest.param(
            "training: {late: {entities: {label: dep_delay}}}",
            [
                'MLC308 «dep_delay» the label is float64, but LogisticRegression predicts classes | compare it (`label: "x > 15"`) or cast it to an integer or text, or use a regressor',
            ],
            id="a label of numbers for a classifier",
        ),
        pytest.param(
            "training: {late: {entities: {label: time_hour}}}",
            [
                "MLC308 «time_hour» the label is a timestamp: nothing learns that | make it a number, text, or true and false",
            ],
            id="a label of instants",
        ),
        pytest.param(
            "training: {late: {entities: {label: dep_delay}, estimator: sklearn.linear_model.Ridge, metrics: [r2], split: {type: stratified}}}",
            [
                "MLC313 «split» a stratified split needs classes, the label is a number | split `random` or `time`",
            ],
            id="classes to stratify by",
        ),
    ],
)
def test_estimator_parameters_and_metrics_suit_the_label(
    fragment: str, expected: list[str], tmp_path: Path
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected
