import pyarrow as pa
import pytest

from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.gates.judging import judge
from mlopsc.runtime.operations import judge_drift
from mlopsc.runtime.promotion import promote
from mlopsc.vocabulary.artifacts import NO_MODEL, NO_PROFILE
from mlopsc.vocabulary.operations import JudgeDrift

GATE = {"type": "drift", "training": "t"}


@pytest.fixture
def familiar(workbench):
    """Judge a train part against a champion's profile; without `of`, nothing holds the stage."""

    def judged(train, of=None, **more):
        champion, reference = workbench.folder / "champion", workbench.folder / "reference"
        champion.write_bytes(b"the champion's model" if of else NO_MODEL)
        reference.write_bytes(workbench.profile(of).read_bytes() if of else NO_PROFILE)
        config = JudgeDrift.model_validate({"name": "g", "gate": GATE | more})
        return judge(config, {"train": train, "champion": champion, "reference": reference}, workbench.folder)

    return judged


def shifted(workbench, by=1.0):
    table = pa.parquet.read_table(workbench.sample("again", 400, 1))
    values = pa.compute.add(table.column("a"), by)
    return workbench.write(
        "shifted", {name: table.column(name) for name in "bc"} | {"a": values, "__aux__d": values}
    )


def test_data_as_they_were_pass(workbench, familiar):
    found = familiar(workbench.sample("now", 400, 1), of=workbench.sample("then", 400, 2000))
    assert (found["verdict"], found["reason"], found["observed"]) == ("pass", "0 of 3 features drift", 0)
    assert found["columns"] == {"a": "ok", "b": "ok", "c": "ok"}
    assert found["reference_digest"] == found["inputs"]["reference"]
    assert found["champion_digest"] == found["inputs"]["champion"]


def test_data_that_drift_fail_by_name_and_effect(workbench, familiar):
    before, now = workbench.sample("then", 400, 2000), shifted(workbench)
    found = familiar(now, of=before)
    assert found["verdict"] == "fail"
    assert found["reason"].startswith("1 of 3 features drift: a (psi 1.")
    assert found["reason"].endswith("; at most 0 may")
    assert familiar(now, of=before, max_drifting=1)["verdict"] == "pass"
    assert familiar(now, of=before, columns=["b", "c"])["verdict"] == "pass"
    assert familiar(now, of=before, severity="warn")["verdict"] == "warn"


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_without_a_champion_if_none_decides(workbench, familiar, verdict):
    found = familiar(workbench.sample("now", 400, 1), if_none=verdict)
    assert (found["verdict"], found["champion_digest"]) == (verdict, None)
    assert found["reason"] == f"nothing holds the stage yet, and if_none says {verdict}"


def test_what_cannot_be_compared_fails_with_its_reason(workbench, familiar):
    now, before = workbench.sample("now", 400, 1), workbench.sample("then", 400, 2000)
    few = familiar(workbench.sample("few", 20, 1), of=before)
    assert few["reason"].startswith("nothing could be compared with 20 current rows: a (insufficient_data)")
    more = familiar(workbench.sample("more", 400, 1, d=[1.0] * 400), of=before)
    assert more["reason"] == "the champion was not trained on 'd': there is nothing to compare with"
    less = familiar(workbench.write("less", {"a": [1.0], "b": [1]}), of=before)
    assert less["reason"] == "the champion was trained on 'c', which the candidate's table does not have"
    other = familiar(workbench.sample("other", 400, 1, a=["x"] * 400), of=before)
    assert other["reason"].startswith("the champion's training data cannot be compared with: column 'a'")
    config = JudgeDrift.model_validate({"name": "g", "gate": GATE})
    bare = judge(config, {"train": now, "champion": before}, workbench.folder)
    assert bare["reason"].startswith("the champion was registered without a profile")
    assert {one["verdict"] for one in (few, more, less, other, bare)} == {"fail"}


def test_a_promotion_judges_the_data_that_the_version_was_trained_on(workbench):
    gates = {"familiar": GATE}
    stages = [{"stage": "staging"}, {"stage": "live", "gates": ["familiar"]}]
    test = workbench.sample("test", 200, 9000)
    for name, table in (("one", workbench.sample("then", 400, 2000)), ("two", shifted(workbench))):
        label = pa.parquet.read_table(workbench.sample("labels", 400, 3)).column("__label__")
        columns = {column: pa.parquet.read_table(table).column(column) for column in "abc"}
        train = workbench.write(f"{name}.train", columns | {"__label__": label}, len(name) * 100)
        inputs = workbench.candidate(train, test, name) | {"train": train}
        config = JudgeDrift.model_validate({"name": "familiar", "gate": GATE})
        write = workbench.folder / f"{name}.familiar"
        judge_drift.run(config, {"train": train}, {"decision": write}, workbench.context)
        inputs["decision_familiar"] = write
        workbench.register(inputs, stages=stages, gates=gates)
    promote(workbench.context, "m", 1, "live", actor="ann")
    with pytest.raises(Refusal, match=r"gate 'familiar': 1 of 3 features drift: a \(psi"):
        promote(workbench.context, "m", 2, "live", actor="ann")
