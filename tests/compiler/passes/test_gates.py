# ruff: noqa: E501 - one diagnostic is one line
import pytest

from tests.specs import SMALL, merged, told

REGRESSION = (
    "training: {late: {entities: {label: arr_delay}, estimator: sklearn.linear_model.Ridge, metrics: [r2]}}\n"
)


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
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
    ],
)
def test_a_gate_that_is_misconfigured_is_told_at_its_line(tmp_path, gate, expected):
    said = told(tmp_path, merged(SMALL, f"gates: {{g: {gate}}}"))
    errors = [one for one in said if "MLC206" not in one and "?" not in one.split(" ")[0]]
    assert len(errors) == len(expected), said
    for one, words in zip(errors, expected, strict=True):
        assert words in one


@pytest.mark.parametrize("kind", ["fairness"])
def test_a_gate_about_classes_does_not_suit_a_regression(tmp_path, kind):
    gate = "{type: fairness, training: late, by: [carrier], demographic_parity: {min_ratio: 0.8}}"
    assert told(tmp_path, merged(SMALL, REGRESSION + f"gates: {{g: {gate}}}")) == [
        f"MLC346 «{kind}» a {kind} gate needs a classifier, and Ridge is a regressor | judge a regression by `metric`, `slice` or `baseline` gates"
    ]
