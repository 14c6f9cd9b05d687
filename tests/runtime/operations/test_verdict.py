import pytest

from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.decisions import decision, read_json, write_json
from mlopsc.runtime.operations import verdict
from mlopsc.vocabulary.operations import Verdict


def conclude(workbench, *decisions):
    inputs = {}
    for one in decisions:
        inputs[one["name"]] = workbench.folder / one["name"]
        write_json(inputs[one["name"]], one)
    out = workbench.folder / "verdict"
    verdict.run(Verdict(decisions=tuple(inputs)), inputs, {"decision": out}, workbench.context)
    return read_json(out)


def test_pass_and_unchanged_pass(workbench):
    found = conclude(
        workbench, decision("a", "metric", "pass", "good"), decision("m", "registration", "unchanged", "same")
    )
    assert (found["verdict"], found["observed"]) == ("pass", 0)
    assert found["decisions"] == {"a": "pass", "m": "unchanged"}


def test_a_refusal_has_one_line_for_each_that_says_no_and_is_written_first(workbench):
    with pytest.raises(Refusal) as caught:
        conclude(
            workbench,
            decision("free", "metric", "fail", "auc 0.5 is 0.1 below the minimum 0.6"),
            decision("fine", "metric", "pass", "auc 0.7 is at least 0.6"),
            decision("m", "registration", "fail", "gate 'good' failed: f1 has no value (NaN)"),
            decision("known", "drift", "fail", "2 of 3 features drift: sun (ks 0.5); rain (ks 0.2)"),
            decision("weather", "monitor", "fail", "1 of 3 features drift: wind (psi 0.4)"),
        )
    assert str(caught.value).splitlines() == [
        "gate 'free': auc 0.5 is 0.1 below the minimum 0.6",
        "registration of 'm': gate 'good' failed: f1 has no value (NaN)",
        "gate 'known': 2 of 3 features drift: sun (ks 0.5); rain (ks 0.2)",
        "monitor 'weather': 1 of 3 features drift: wind (psi 0.4)",
    ]
    written = read_json(workbench.folder / "verdict")
    assert (written["verdict"], written["reason"]) == ("fail", "4 of 5 decisions say no")


def test_what_is_no_known_verdict_says_no(workbench):
    with pytest.raises(Refusal, match="decision 'odd': None"):
        conclude(workbench, {"name": "odd"})
