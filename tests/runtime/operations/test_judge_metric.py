import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.decisions import read_json, write_json
from mlopsc.runtime.gates.metric import judge_value as judge
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.gates import MetricGate


def gate(**bounds):
    return MetricGate(type="metric", training="t", metric="auc", **bounds)


@pytest.mark.parametrize(
    ("bounds", "value", "verdict", "reason"),
    [
        ({"min": 0.65}, 0.7, "pass", "auc 0.7 is at least 0.65"),
        ({"min": 0.65}, 0.65, "pass", "auc 0.65 is at least 0.65"),
        ({"min": 0.65}, 0.625, "fail", "auc 0.625 is 0.025 below the minimum 0.65"),
        ({"max": 2.0}, 2.5, "fail", "auc 2.5 is 0.5 above the maximum 2"),
        ({"min": 0.0, "max": 1.0}, 0.5, "pass", "auc 0.5 is at least 0 and at most 1"),
        ({"max": 0.0}, None, "fail", "auc has no value (NaN)"),
    ],
)
def test_bounds_are_inclusive_and_reasons_have_the_numbers(bounds, value, verdict, reason):
    found = judge("good", gate(**bounds), {"auc": value})
    assert (found["verdict"], found["reason"], found["observed"]) == (verdict, reason, value)
    assert found["threshold"] == bounds


def test_the_decision_is_canonical_json(workbench):
    metrics = workbench.folder / "metrics"
    write_json(metrics, {"training": "t", "rows": 3, "metrics": {"roc_auc": 0.5}})
    found = workbench.judge_metric(metrics)
    assert found.read_text() == (
        f'{{"inputs":{{"metrics":"{digest_of_file(metrics)}"}},'
        '"metric":"roc_auc","name":"good","observed":0.5,"reason":"roc_auc 0.5 is 0.1 below '
        'the minimum 0.6","threshold":{"min":0.6},"training":"t","type":"metric","verdict":"fail"}\n'
    )


def test_nan_of_a_real_evaluation_fails_its_gate(workbench):
    model = workbench.train(workbench.sample("train"))
    one_class = workbench.sample("test", 50, 1000, __label__=[True] * 50)
    metrics = workbench.evaluate(model, one_class)
    assert read_json(metrics)["metrics"] == {"roc_auc": None}
    assert read_json(workbench.judge_metric(metrics))["verdict"] == "fail"


def test_a_metric_that_was_not_computed_is_an_error():
    with pytest.raises(MlopscError, match="gate 'good' wants metric 'auc', which was not computed: f1"):
        judge("good", gate(min=0.5), {"f1": 1.0})


def test_a_threshold_without_its_parameter_is_an_error():
    with pytest.raises(MlopscError, match="gate 'good' needs a value for the parameter 'least'"):
        judge("good", gate(min="${params.least}"), {"auc": 1.0})
