import pytest

from mlopsc.diagnostics.errors import Refusal, RegistryError, StoreError
from mlopsc.runtime.promotion import promote, rollback
from mlopsc.runtime.store import blob_name

METRIC = {"type": "metric", "training": "t", "metric": "roc_auc"}
CHAMPION = {"type": "champion", "training": "t", "metric": "roc_auc"}
STAGES = [{"stage": "staging"}, {"stage": "live", "gates": ["good", "better"]}]


@pytest.fixture
def versions(workbench):
    """Two versions that held staging: the first knows less than the second. Nothing is live yet."""
    test = workbench.sample("test", 200, 9000)
    gates = {"good": METRIC | {"min": 0.6}, "better": CHAMPION | {"min_delta": 0.05}}
    for name, features, noise in (("one", ["a", "b", "c"], 30.0), ("two", ["a"], 0.1)):
        table = workbench.sample(f"{name}.table", 300, len(name) * 1000, noise=noise)
        inputs = workbench.candidate(table, test, name, features=features)
        workbench.register(inputs, stages=STAGES, gates=gates)
    return workbench.context


def live(context):
    with context.registry() as registry:
        champion = registry.champion("m", "live")
    return champion and champion.number


def test_the_gates_of_the_stage_are_judged_again_against_its_champion(versions):
    first = promote(versions, "m", 2, "live", actor="ann")
    assert (first.changed, first.previous, live(versions)) == (True, None, 2)
    with versions.registry() as registry:
        entry = registry.history("m")[-1]
    assert (entry.action, entry.actor, set(entry.evidence)) == ("promote", "ann", {"good", "better"})
    assert entry.evidence["better"]["reason"] == "nothing holds the stage yet, and if_none says pass"


def test_a_version_that_is_not_better_by_enough_is_refused_with_the_numbers(versions):
    promote(versions, "m", 2, "live", actor="ann")
    with pytest.raises(Refusal) as caught:
        promote(versions, "m", 1, "live", actor="bob")
    title, *lines = str(caught.value).splitlines()
    assert title == "m/1 was not promoted to 'live':"
    assert [line[:16] for line in lines] == ["gate 'better': r"]
    assert lines[0].endswith("short of the minimum 0.05")
    assert live(versions) == 2
    with versions.registry() as registry:
        entry = registry.history("m")[-1]
    assert (entry.action, entry.stage, entry.actor) == ("refuse", "live", "bob")
    assert entry.evidence["version"] == 1
    assert entry.evidence["decisions"]["better"]["rows"] == 200


def test_promoting_the_champion_changes_nothing(versions):
    promote(versions, "m", 2, "live", actor="ann")
    assert not promote(versions, "m", 2, "live", actor="ann").changed


def test_a_stage_cannot_be_skipped(workbench):
    test = workbench.sample("test", 200, 9000)
    inputs = workbench.candidate(workbench.sample("train"), test)
    stages = [{"stage": "dev"}, {"stage": "staging"}, {"stage": "live"}]
    workbench.register(inputs, stages=stages)
    with pytest.raises(Refusal, match="m/1 was not promoted to 'live': it never held 'staging'") as caught:
        promote(workbench.context, "m", 1, "live", actor="ann")
    assert caught.value.help == "mlopsc registry promote m/1 --to staging"
    promote(workbench.context, "m", 1, "staging", actor="ann")
    assert promote(workbench.context, "m", 1, "live", actor="ann").changed


def test_having_held_the_stage_before_is_enough(versions):
    with versions.registry() as registry:
        assert registry.champion("m", "staging").number == 2
    assert promote(versions, "m", 1, "live", actor="ann").changed


@pytest.mark.parametrize(
    ("version", "stage", "said"), [(9, "live", "m/9"), (1, "liv", "unknown stage 'liv'")]
)
def test_what_is_not_there_is_said(versions, version, stage, said):
    with pytest.raises(RegistryError, match=said):
        promote(versions, "m", version, stage, actor="ann")


def test_a_model_swapped_in_the_store_is_not_judged(versions):
    promote(versions, "m", 2, "live", actor="ann")
    with versions.registry() as registry:
        digest = registry.version("m", 1).digest
    blob = versions.project / ".mlopsc" / "store" / blob_name(digest)
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    with pytest.raises(StoreError, match="is damaged"):
        promote(versions, "m", 1, "live", actor="ann")


def test_rollback_gives_the_stage_back(versions):
    back = rollback(versions, "m", "staging", actor="ann")
    assert (back.version, back.previous) == (1, 2)
    with pytest.raises(RegistryError, match="nothing to roll back"):
        rollback(versions, "m", "live", actor="ann")


def test_gates_on_rows_are_judged_again_from_what_the_version_keeps(workbench):
    gates = {
        "honest": {"type": "calibration", "training": "t", "max_ece": 0.5},
        "even": {"type": "slice", "training": "t", "metric": "roc_auc", "by": ["c"], "min": 1.01},
    }
    test = workbench.sample("test", 200, 9000)
    inputs = workbench.candidate(workbench.sample("table", 300), test)
    metrics = workbench.evaluate(inputs["model"], test, scored=True)
    inputs |= {"scored": metrics.with_suffix(".scored")}
    inputs |= {f"decision_{name}": inputs["decision_good"] for name in gates}
    stages = [
        {"stage": "staging"},
        {"stage": "live", "gates": ["honest"]},
        {"stage": "best", "gates": ["even"]},
    ]
    workbench.register(inputs, stages=stages, gates=gates)
    promote(workbench.context, "m", 1, "live", actor="ann")
    with workbench.context.registry() as registry:
        told = registry.history("m")[-1].evidence["honest"]
    assert told["reason"].startswith("the expected calibration error 0.")
    assert set(told["inputs"]) == {"scored", "test"}
    with pytest.raises(Refusal, match="below the minimum"):
        promote(workbench.context, "m", 1, "best", actor="ann")
