import numpy as np
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.gates.calibration import calibration_error, judge_calibration, recalibration
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.gates import CalibrationGate


def gate(**more):
    return CalibrationGate.model_validate({"type": "calibration", "training": "t"} | more)


def scored(sharpness=1.0, shift=0.0, rows=20_000):
    """Outcomes follow the odds; the model says odds that are so much sharper, and so much higher."""
    random = np.random.default_rng(4)
    odds = random.normal(size=rows)
    truth = random.random(rows) < 1 / (1 + np.exp(-odds))
    chance = 1 / (1 + np.exp(-(sharpness * odds + shift)))
    said = {"predict": chance > 0.5, "predict_proba": np.column_stack([1 - chance, chance])}
    return Scored(np.arange(rows, dtype=np.uint64), truth, said, np.array([False, True]))


EVERY = {"max_ece": 0.02, "max_brier": 0.21, "slope": [0.9, 1.1], "max_intercept": 0.1}


def test_probabilities_that_are_what_happens_pass():
    found = judge_calibration("g", gate(**EVERY), scored())
    assert found["verdict"] == "pass"
    assert found["measures"]["slope"] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("given", "model", "words"),
    [
        ({"max_ece": 0.02}, scored(2.0), "the expected calibration error 0."),
        ({"slope": [0.9, 1.1]}, scored(2.0), "below the minimum 0.9"),
        ({"max_intercept": 0.1}, scored(1.0, 0.5), "the intercept -0."),
        ({"max_brier": 0.1}, scored(), "above the maximum 0.1"),
    ],
)
def test_others_fail_by_so_much(given, model, words):
    found = judge_calibration("g", gate(**given), model)
    assert found["verdict"] == "fail"
    assert words in found["reason"]


def test_a_slope_of_outcomes_of_one_class_has_no_value():
    one = scored(rows=50)
    alone = Scored(one.rows, np.zeros(50, dtype=bool), one.said, one.classes)
    found = judge_calibration("g", gate(slope=[0.0, 9.0]), alone)
    assert (found["verdict"], found["reason"]) == ("fail", "the slope has no value (NaN)")


def test_error_by_hand_and_slope_of_too_sharp_odds():
    probability, outcome = np.array([0.1, 0.1, 0.9, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert calibration_error(probability, outcome, 10) == pytest.approx((2 * 0.4 + 2 * 0.05) / 4)
    sharp = scored(2.0)
    slope = recalibration(sharp.said["predict_proba"][:, 1], sharp.truth.astype(float), slope=True)
    assert slope == pytest.approx(0.5, abs=0.03)


def test_without_probabilities_it_cannot_be_judged():
    one = scored(rows=50)
    bare = Scored(one.rows, one.truth, {"predict": one.said["predict"]}, one.classes)
    with pytest.raises(StepFailed, match="gives no probabilities of two classes"):
        judge_calibration("g", gate(max_ece=0.1), bare)
