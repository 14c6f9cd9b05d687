import numpy as np

from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.operations import drift
from mlopsc.vocabulary.operations import Drift


def monitor(workbench, current):
    profile = workbench.profile(workbench.sample("train", 2000))
    outputs = {"report": workbench.folder / "report", "decision": workbench.folder / "decision"}
    config = Drift(monitor="weather", features=("a", "b", "c"))
    drift.run(config, {"profile": profile, "table": current}, outputs, workbench.context)
    return read_json(outputs["report"]), read_json(outputs["decision"])


def test_undrifted_rows_pass(workbench):
    report, decision = monitor(workbench, workbench.sample("current", 2000, 9000))
    assert not report["drifted"]
    assert (decision["name"], decision["type"], decision["verdict"]) == ("weather", "monitor", "pass")
    assert (decision["reason"], decision["observed"]) == ("0 of 3 features drift", 0)


def test_a_shift_fails_and_names_the_feature_and_the_test(workbench):
    shifted = np.random.default_rng(0).normal(1, 1, 2000)
    report, decision = monitor(workbench, workbench.sample("current", 2000, 9000, a=shifted))
    assert report["columns"]["a"]["status"] == "drift"
    assert decision["verdict"] == "fail"
    assert decision["reason"].startswith("1 of 3 features drift: a (psi ")
    assert decision["columns"] == {"a": "drift", "b": "ok", "c": "ok"}


def test_what_could_not_be_compared_is_named_in_a_pass(workbench):
    train = workbench.sample("constant", 2000, b=[4] * 2000)
    profile = workbench.profile(train)
    outputs = {"report": workbench.folder / "report", "decision": workbench.folder / "decision"}
    config = Drift(monitor="weather", features=("a", "b", "c"))
    current = workbench.sample("current", 2000, 9000, b=[4] * 2000)
    drift.run(config, {"profile": profile, "table": current}, outputs, workbench.context)
    assert read_json(outputs["decision"])["reason"] == "0 of 3 features drift; not compared: b"


def test_too_few_rows_are_no_pass(workbench):
    _, decision = monitor(workbench, workbench.sample("current", 20, 9000))
    assert decision["verdict"] == "fail"
    assert decision["reason"].startswith("nothing could be compared with 20 current rows: a (insufficient")
