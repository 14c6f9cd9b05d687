import sys

import pytest

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.gates.judging import judge
from mlopsc.vocabulary.operations import JudgePython

RULES = '''
import numpy as np


def calm(metrics, least):
    return metrics["roc_auc"] >= least


def sure(model, test, labels):
    """The share of rows of which the model is right and sure."""
    chance = model.predict_proba(test)[:, 1]
    right = (chance > 0.5) == labels
    return float(np.mean(right & (np.abs(chance - 0.5) > 0.25))), "the share that is right and sure"


def told(evaluation, *, answer):
    return {**answer, "numbers": {"rows": evaluation["rows"], **answer.get("numbers", {})}}


def echo(answer):
    return float("nan") if answer == "nan" else tuple(answer) if isinstance(answer, list) else answer


def odd(test):
    return helper(test)


def helper(test):
    raise ValueError(f"{len(test)} rows are odd")
'''


@pytest.fixture
def judged(workbench):
    (workbench.context.project / "rules_of_gates.py").write_text(RULES)
    table, test = workbench.sample("train"), workbench.sample("test", 400, 5000)
    model = workbench.train(table)
    inputs = {"metrics": workbench.evaluate(model, test), "model": model, "test": test}

    def call(function, **gate):
        given = {"type": "python", "training": "t", "python": f"rules_of_gates:{function}"} | gate
        config = JudgePython.model_validate({"name": "g", "gate": given})
        return judge(config, inputs, workbench.context.project)

    yield call
    sys.modules.pop("rules_of_gates", None)


def test_a_function_says_yes_or_no(judged):
    found = judged("calm", args={"least": 0.6})
    assert (found["verdict"], found["reason"]) == ("pass", "rules_of_gates:calm says yes")
    assert set(found["inputs"]) == {"metrics", "model", "test"}
    assert judged("calm", args={"least": 0.99})["verdict"] == "fail"
    assert judged("calm", args={"least": 0.99}, severity="warn")["verdict"] == "warn"


def test_a_number_is_judged_by_the_thresholds(judged):
    found = judged("sure", min=0.3)
    assert (found["verdict"], found["threshold"]) == ("pass", {"min": 0.3})
    assert found["reason"] == f"the share that is right and sure: {found['observed']:.6g} is at least 0.3"
    found = judged("sure", min=0.3, max=0.31)
    assert found["verdict"] == "fail"
    assert "above the maximum 0.31" in found["reason"]


def test_numbers_and_a_reason_go_into_the_decision(judged):
    found = judged("told", args={"answer": {"passed": False, "reason": "too few", "numbers": {"calm": 2}}})
    assert (found["verdict"], found["reason"], found["numbers"]) == (
        "fail",
        "too few",
        {"rows": 400, "calm": 2},
    )


@pytest.mark.parametrize(
    ("answer", "gate", "reason"),
    [
        ("nan", {"min": 0}, "rules_of_gates:echo: no value (nan)"),
        ({"value": None}, {"min": 0}, "rules_of_gates:echo: no value (nan)"),
        ({"passed": True, "value": None}, {}, "rules_of_gates:echo: no value (nan)"),
        ({"passed": True, "numbers": {"a": None}}, {}, "rules_of_gates:echo gives 'a' no value (nan)"),
        (None, {}, "rules_of_gates:echo returned NoneType: expected a bool or a number, alone"),
        ("yes", {}, "rules_of_gates:echo returned str: expected"),
        ({"pased": True}, {}, "rules_of_gates:echo returned a key 'pased': expected"),
        ({"reason": "so"}, {}, "rules_of_gates:echo returned neither 'passed' nor 'value': expected"),
        (
            0.7,
            {},
            "rules_of_gates:echo returned a number, and neither `min` nor `max` says which numbers pass",
        ),
        (True, {"min": 0}, "rules_of_gates:echo returned no number, which `min` and `max` judge"),
        ({"passed": False, "value": 2, "reason": "no"}, {"max": 1}, "no; rules_of_gates:echo: 2 is 1 above"),
    ],
)
def test_what_is_no_yes_fails(judged, answer, gate, reason):
    found = judged("echo", args={"answer": answer}, **gate)
    assert found["verdict"] == "fail"
    assert found["reason"].startswith(reason)


def test_what_it_raises_fails_with_its_place(judged):
    found = judged("odd")
    assert found["verdict"] == "fail"
    assert found["reason"] == "rules_of_gates:odd raised ValueError: 400 rows are odd (rules_of_gates.py:29)"


def test_what_cannot_be_called_so_is_no_judgement(judged):
    with pytest.raises(SpecError, match="wants 'least', which a gate does not offer"):
        judged("calm")
    with pytest.raises(SpecError, match="has no 'clam'") as caught:
        judged("clam")
    assert caught.value.help == "did you mean 'calm'?"
