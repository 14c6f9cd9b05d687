# ruff: noqa: E501 - one diagnostic is one line
import pytest
import yaml

from mlopsc.vocabulary.gates import GATE_TYPES
from tests.specs import SMALL, merged, told

REGRESSION = (
    "training: {late: {entities: {label: arr_delay}, estimator: sklearn.linear_model.Ridge, metrics: [r2]}}\n"
)


MISCONFIGURED = [
    pytest.param(
        "{type: metric, training: late, metric: roc_auc, min: 0.5, level: 0.9}",
        ["`level` is about the confidence interval: it needs `on: lower`"],
        id="level without an interval",
    ),
    pytest.param(
        "{type: champion, training: late, metric: roc_auc, test: none, seed: 3}",
        ["`seed` is about the test: it needs `test: paired_bootstrap` or `permutation`"],
        id="seed without a test",
    ),
    pytest.param(
        "{type: champion, training: late, metric: roc_auc, test: permutation, min_delta: -0.1}",
        ["a permutation tests whether there is a difference, not whether it is small"],
        id="permutation for a small loss",
    ),
    pytest.param(
        "{type: champion, training: late, metric: roc_auc, level: 0.999, resamples: 500}",
        ["500 `resamples` cannot tell what happens once in 1000 times"],
        id="too few resamples",
    ),
    pytest.param(
        "{type: fairness, training: late, by: [carrier]}",
        [
            "a fairness gate needs a criterion: demographic_parity, equalized_odds, equal_opportunity, predictive_parity"
        ],
        id="fairness by no criterion",
    ),
    pytest.param(
        "{type: fairness, training: late, by: [carrier], demographic_parity: {min_ratio: 80}}",
        ["`min_ratio` 80 is no bound of rates: expected a number from 0 to 1"],
        id="fairness in per cent",
    ),
    pytest.param(
        "{type: fairness, training: late, by: [carier], demographic_parity: {min_ratio: 0.8}}",
        ["MLC301 «carier» 'flights' has no column 'carier' | did you mean 'carrier'?"],
        id="fairness by an unknown column",
    ),
    pytest.param(
        "{type: fairness, training: late, by: [carrier], demographic_parity: {min_ratio: 0.8}, severity: loud}",
        ["«loud»"],
        id="severity",
    ),
    pytest.param(
        "{type: slice, training: late, metric: roc_auc, by: [carrier]}",
        ["a slice gate needs `min`, `max` or `max_gap`"],
        id="slice without a bound",
    ),
    pytest.param(
        "{type: slice, training: late, metric: roc_acu, by: [carier], min: 0.5}",
        ["MLC211 «roc_acu»", "MLC301 «carier» 'flights' has no column 'carier'"],
        id="slice by an unknown column",
    ),
    pytest.param(
        "{type: slice, training: late, metric: roc_auc, slices: [origins, carier], min: 0.5}",
        [
            "MLC125 «origins» 'origins' is no slice of 'late' | did you mean 'origin'?",
            "MLC125 «carier» 'carier' is no slice of 'late' | its slices: origin",
        ],
        id="slices that are not declared",
    ),
    pytest.param(
        "{type: slice, training: late, metric: roc_auc, slices: [origin], by: [carrier], min: 0.5}",
        ["MLC126 «g» both `by` and `slices` | leave one out: `by` divides by columns"],
        id="divided twice",
    ),
    pytest.param(
        "{type: slice, training: late, metric: roc_auc, min: 0.5}",
        ["expected `by`, columns, or `slices`, names of slices of the training"],
        id="divided by nothing",
    ),
    pytest.param(
        "{type: fairness, training: late, slices: [origin, carrier], demographic_parity: {min_ratio: 0.8}}",
        ["`slices` names several, and groups that overlap are not compared: write a gate for each"],
        id="groups that overlap",
    ),
    pytest.param(
        "{type: calibration, training: late, max_brier: 0.2, bins: 5}",
        ["`bins` are those of the expected calibration error: they need `max_ece`"],
        id="bins of nothing",
    ),
    pytest.param(
        "{type: calibration, training: late}",
        ["a calibration gate needs `max_ece`, `max_brier`, `slope` or `max_intercept`"],
        id="calibration without a bound",
    ),
    pytest.param(
        "{type: python, training: late, python: 'rules:cal'}",
        ["MLC213 «rules:cal» rules.py does not define 'cal' | did you mean 'calm'?"],
        id="no such function",
    ),
    pytest.param(
        "{type: python, training: late, python: 'rules:calm', args: {leats: 1, most: 2}}",
        [
            "MLC218 «rules:calm» 'calm' wants 'least', which a gate does not offer and `args` does not give | a gate offers evaluation, labels, metrics, model, test",
            "MLC218 «leats» 'calm' takes no 'leats' | did you mean 'least'?",
        ],
        id="function called with other names",
    ),
    pytest.param(
        "{type: python, training: late, python: 'rules:calm', args: {metrics: 1}}",
        ["`args` cannot give 'metrics': the function asks for that by this name"],
        id="args in the place of what is offered",
    ),
    pytest.param(
        "{type: python, training: late, python: 'rules:calm', args: {least: 1}, min: 2, max: 1}",
        ["`min` 2.0 is above `max` 1.0: nothing can pass"],
        id="bounds that nothing passes",
    ),
    pytest.param(
        "{type: reproducible, training: late, min: 0.9}",
        ["«min»"],
        id="reproducible by so much",
    ),
    pytest.param(
        "{type: size, training: late, max_bytes: 0}",
        ["«0»"],
        id="size of nothing",
    ),
    pytest.param(
        "{type: baseline, training: late, metric: roc_auc, over: mean}",
        [
            "MLC347 «mean» 'mean' is a forecast of numbers, and the estimator is a classifier | for a classifier: majority, prior"
        ],
        id="forecast of numbers",
    ),
    pytest.param(
        "{type: data, training: late, datasets: [fligths], min_passed: 0.9}",
        ["MLC215 «fligths» 'fligths' is no dataset that 'late' is trained on | did you mean 'flights'?"],
        id="data of another training",
    ),
    pytest.param(
        "{type: data, training: late, max_warnings: 0}",
        [
            "MLC348 «data» nothing is checked of 'flights': the gate could never judge | declare `columns`, `primary_key` or `checks` of a dataset behind the training"
        ],
        id="data without a check",
    ),
    pytest.param(
        "{type: data, training: late}",
        ["a data gate needs `min_passed`, `max_warnings` or both"],
        id="data without a bound",
    ),
    pytest.param(
        "{type: robustness, training: late, metric: roc_auc, nulls: {columns: [distence], max_drop: 0.1}}",
        ["MLC202 «distence» 'distence' is not a feature of 'late' | did you mean 'distance'?"],
        id="nulls of no feature",
    ),
    pytest.param(
        "{type: robustness, training: late, metric: roc_auc, noise: {share: 0, max_drop: 0}}",
        ["«0»"],
        id="noise of nothing",
    ),
    pytest.param(
        "{type: robustness, training: late, metric: roc_auc, unseen: {max_drop: 0.1}}",
        ["MLC349 «unseen» 'unseen' harms text, and no feature of 'late' holds any | leave `unseen` out"],
        id="unseen categories of numbers",
    ),
    pytest.param(
        "{type: robustness, training: late, metric: roc_auc, seed: 3}",
        ["a robustness gate needs a perturbation: nulls, unseen, noise"],
        id="robust against nothing",
    ),
    pytest.param(
        "{type: drift, training: late, columns: [distence]}",
        ["MLC202 «distence» 'distence' is not a feature of 'late' | did you mean 'distance'?"],
        id="drift of no feature",
    ),
    pytest.param(
        "{type: drift, training: late, tests: {alpha: 5}}",
        ["«5»"],
        id="drift in per cent",
    ),
    pytest.param(
        "{type: latency, training: late, single: {p50: 5}}",
        ["«5» expected a short time such as 500us, 5ms or 2s, found 5"],
        id="latency without a unit",
    ),
    pytest.param(
        "{type: latency, training: late, single: {p99: 5ms, repeats: 50}}",
        ["50 `repeats` do not tell p99: it takes 100"],
        id="too few predictions for p99",
    ),
    pytest.param(
        "{type: latency, training: late, batch: {rows: 100}}",
        ["expected a limit: p50, p95, p99"],
        id="latency without a limit",
    ),
]


def test_a_gate_of_each_kind_is_misconfigured():
    """That one of each passes, and refuses, is asked in `tests/cli/test_replay.py`."""
    kinds = {yaml.safe_load(gate)["type"] for gate, _ in (one.values for one in MISCONFIGURED)}
    assert kinds == set(GATE_TYPES)


@pytest.mark.parametrize(("gate", "expected"), MISCONFIGURED)
def test_a_gate_that_is_misconfigured_is_told_at_its_line(tmp_path, gate, expected):
    said = told(tmp_path, merged(SMALL, f"training: {{late: {{slices: [origin]}}}}\ngates: {{g: {gate}}}"))
    errors = [one for one in said if "MLC206" not in one and "?" not in one.split(" ")[0]]
    assert len(errors) == len(expected), said
    for one, words in zip(errors, expected, strict=True):
        assert words in one


@pytest.mark.parametrize(
    ("kind", "rest"),
    [("fairness", "by: [carrier], demographic_parity: {min_ratio: 0.8}"), ("calibration", "max_ece: 0.1")],
)
def test_a_gate_about_classes_does_not_suit_a_regression(tmp_path, kind, rest):
    gate = f"{{type: {kind}, training: late, {rest}}}"
    assert told(tmp_path, merged(SMALL, REGRESSION + f"gates: {{g: {gate}}}")) == [
        f"MLC346 «{kind}» a {kind} gate needs a classifier, and Ridge is a regressor | judge a regression by `metric`, `slice` or `baseline` gates"
    ]


def test_a_regression_of_another_library_is_known_as_one(tmp_path):
    given = REGRESSION.replace("sklearn.linear_model.Ridge", "lightgbm.LGBMRegressor")
    gate = "gates: {g: {type: calibration, training: late, max_ece: 0.1}}"
    (said,) = told(tmp_path, merged(SMALL, given + gate))
    assert said.startswith(
        "MLC346 «calibration» a calibration gate needs a classifier, and LGBMRegressor is a regressor"
    )


def test_what_draws_anew_cannot_be_made_again(tmp_path):
    given = (
        "training: {late: {params: {random_state: null}}}\ngates: {g: {type: reproducible, training: late}}"
    )
    (said,) = told(tmp_path, merged(SMALL, given))
    assert said == (
        "MLC351 «reproducible» 'late' cannot be made again: 'random_state' is null, which draws anew each time | leave 'random_state' out, for the training's `seed` to set it"
    )


def test_a_calibration_gate_needs_probabilities(tmp_path):
    given = "training: {late: {estimator: sklearn.svm.LinearSVC}}\ngates: {g: {type: calibration, training: late, max_ece: 0.1}}"
    (said,) = told(tmp_path, merged(SMALL, given))
    assert said.startswith(
        "MLC346 «calibration» a calibration gate needs probabilities, which LinearSVC does not give"
    )
