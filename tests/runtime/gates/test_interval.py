import numpy as np
import pytest

from mlopsc.runtime.gates.interval import judge_interval
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.gates import MetricGate
from mlopsc.vocabulary.metrics import CustomMetric


def gate(**more):
    given = {"type": "metric", "training": "t", "metric": "accuracy", "on": "lower"}
    return MetricGate.model_validate(given | more)


def scored(right, wrong):
    truth = np.ones(right + wrong, dtype=bool)
    truth[::2] = False
    said = truth.copy()
    said[:wrong] = ~said[:wrong]
    rows = np.arange(len(truth), dtype=np.uint64)
    return Scored(rows, truth, {"predict": said}, np.array([False, True]))


def test_the_lower_bound_is_the_binomials(tmp_path):
    """Of 400 rows of which 80 % are right the standard error is 0.02: the lower bound is 1.96 of these below."""
    found = judge_interval("g", gate(min=0.7), "accuracy", scored(320, 80), tmp_path)
    assert found["observed"] == pytest.approx(0.8 - 1.96 * 0.02, abs=0.004)
    assert (found["value"], found["verdict"], found["rows"]) == (0.8, "pass", 400)
    assert found["interval"][0] == found["observed"]
    assert found["reason"].startswith("the lower bound (level 0.95) of accuracy 0.76")


def test_what_passes_by_its_value_may_fail_by_its_bound(tmp_path):
    found = judge_interval("g", gate(min=0.79), "accuracy", scored(320, 80), tmp_path)
    assert found["value"] >= 0.79
    assert found["verdict"] == "fail"
    assert found["reason"].endswith("below the minimum 0.79")


def test_of_a_cost_the_upper_bound_counts(tmp_path):
    (tmp_path / "cost_of_errors.py").write_text(
        "def cost(y_true, y_pred, y_score):\n    return float((y_true != y_pred).mean())\n"
    )
    metric = CustomMetric(name="cost", python="cost_of_errors:cost", greater_is_better=False)
    found = judge_interval("g", gate(metric="cost", max=0.23), metric, scored(320, 80), tmp_path)
    assert found["observed"] == found["interval"][1] > 0.23
    assert found["verdict"] == "fail"


def test_without_a_value_in_some_resample_it_fails(tmp_path):
    truth = np.zeros(60, dtype=bool)
    truth[0] = True
    chance = np.linspace(0, 1, 60)
    said = {"predict": chance > 0.5, "predict_proba": np.column_stack([1 - chance, chance])}
    one = Scored(np.arange(60, dtype=np.uint64), truth, said, np.array([False, True]))
    found = judge_interval("g", gate(metric="roc_auc", min=-1.0), "roc_auc", one, tmp_path)
    assert (found["verdict"], found["interval"]) == ("fail", None)
    assert "has no value (NaN)" in found["reason"]
