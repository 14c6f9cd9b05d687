from dataclasses import replace

import pytest

from mlopsc.diagnostics.errors import LeaseLost, RegistryError
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.operations import register
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.artifacts import NO_MODEL


@pytest.fixture
def candidate(workbench):
    """Everything that a registration takes, of a model that passes its gates."""
    return workbench.candidate(workbench.sample("train"), workbench.sample("test", 100, 1000))


def digests(inputs, workbench):
    store = workbench.context.store()
    return {port: store.put_file(path) for port, path in inputs.items()}


def test_a_candidate_that_passes_is_registered_and_gets_the_first_stage(workbench, candidate):
    found = workbench.register(candidate)
    assert (found["verdict"], found["status"], found["stage"]) == ("pass", "registered", "staging")
    assert found["gates"] == {"good": "pass", "better": "pass"}
    with workbench.context.registry() as registry:
        version = registry.champion("m", "staging")
        assert registry.champion("m", "live") is None
    assert version.digest == found["model_digest"] == digest_of_file(candidate["model"])
    assert set(version.artifacts) == {
        "model", "metrics", "curves", "profile", "test", "environment", "report_d", "recipe",
    }  # fmt: skip
    assert version.lineage == {
        "spec_digest": f"sha256:{'2' * 64}",
        "datasets": {"d": f"sha256:{'1' * 64}"},
        "parameters": {"as_of": "2026-01-01"},
        "code": None,
    }
    assert version.gates["good"]["gate"]["min"] == 0.6
    assert version.metrics["roc_auc"] > 0.6
    store = workbench.context.store()
    assert all(store.verify(digest) for digest in version.artifacts.values())


def test_a_step_whose_claim_was_taken_over_registers_nothing(workbench, candidate):
    project = workbench.context.project
    with Journal.of_project(project) as journal:
        first, second = (journal.start_run("train", spec="s") for _ in range(2))
        mine = journal.claim(first, "register_m", "ab" * 32)
        late = replace(workbench, context=replace(workbench.context, run=first, claim=mine.token))
        journal.release(mine)  # as a take-over does
        assert journal.claim(second, "register_m", "ab" * 32).token > mine.token
    with pytest.raises(LeaseLost, match="another run took its work over"):
        late.register(candidate)
    with workbench.context.registry() as registry:
        assert registry.versions("m") == ()
        assert registry.history() == ()


def test_the_artifact_names_no_version_run_or_path(workbench, candidate):
    workbench.register(candidate)
    text = (workbench.folder / "registration").read_text()
    assert "run-1" not in text
    assert str(workbench.folder) not in text
    assert "version" not in text


def test_again_changes_nothing(workbench, candidate):
    workbench.register(candidate)
    later = type(workbench)(
        workbench.folder, workbench.context.__class__(workbench.context.project, run="run-2")
    )
    assert later.register(candidate)["status"] == "unchanged"
    with workbench.context.registry() as registry:
        assert len(registry.versions("m")) == 1
        assert len(registry.history("m")) == 2


def test_a_step_killed_after_it_had_registered_says_the_same_again(workbench, candidate):
    assert workbench.register(candidate) == workbench.register(candidate)


def test_a_failed_gate_of_the_first_stage_blocks_and_is_in_the_ledger(workbench, candidate):
    failed = workbench.judge_metric(candidate["metrics"], min=0.999)
    found = workbench.register(candidate | {"decision_good": failed})
    assert (found["verdict"], found["status"]) == ("fail", "blocked")
    assert found["reason"].startswith("gate 'good' failed: roc_auc 0.")
    assert found["reason"].endswith("below the minimum 0.999")
    with workbench.context.registry() as registry:
        assert registry.versions("m") == ()
        (entry,) = registry.history("m")
    assert (entry.action, entry.stage, entry.digest) == ("refuse", "staging", found["model_digest"])
    assert entry.evidence["good"]["verdict"] == "fail"


def test_a_failed_gate_of_a_later_stage_does_not_block(workbench, candidate):
    failed = workbench.judge_metric(candidate["metrics"], min=0.999)
    stages = [{"stage": "staging", "gates": ["better"]}, {"stage": "live", "gates": ["good"]}]
    assert workbench.register(candidate | {"decision_good": failed}, stages=stages)["status"] == "registered"


def test_confirmed_says_whether_the_world_still_holds_the_effect(workbench, candidate):
    config, inputs = workbench.registration(), digests(candidate, workbench)
    assert not register.confirmed(config, inputs, workbench.context)
    workbench.register(candidate)
    assert register.confirmed(config, inputs, workbench.context)
    other = workbench.registration(spec_digest=f"sha256:{'3' * 64}")
    assert not register.confirmed(other, inputs, workbench.context)


def test_a_refusal_is_confirmed_by_its_entry(workbench, candidate):
    blocked = candidate | {"decision_good": workbench.judge_metric(candidate["metrics"], min=0.999)}
    config, inputs = workbench.registration(), digests(blocked, workbench)
    assert not register.confirmed(config, inputs, workbench.context)
    workbench.register(blocked)
    assert register.confirmed(config, inputs, workbench.context)


def test_running_again_does_not_take_the_stage_back_from_a_later_version(workbench, candidate):
    workbench.register(candidate)
    inputs = digests(candidate, workbench)
    second = workbench.candidate(workbench.sample("other", 300, 7000), candidate["test"], "second")
    champion = workbench.champion()
    judged = workbench.judge_champion(second["model"], champion, candidate["test"], min_delta=-1.0)
    assert workbench.register(second | {"decision_better": judged})["status"] == "registered"
    assert register.confirmed(workbench.registration(), inputs, workbench.context)
    workbench.register(candidate)
    with workbench.context.registry() as registry:
        assert registry.champion("m", "staging").number == 2


def test_a_champion_that_came_after_the_judgement_is_an_error(workbench, candidate):
    rival = workbench.candidate(workbench.sample("other", 300, 7000), candidate["test"], "rival")
    workbench.register(rival)
    with pytest.raises(RegistryError, match="gate 'better' judged against no version, but m@staging is held"):
        workbench.register(candidate)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(NO_MODEL),
        cut,
    ],
    ids=["missing", "empty", "none", "cut"],
)
def test_a_ghost_is_refused(workbench, candidate, harm):
    harm(candidate["model"])
    with pytest.raises(RegistryError, match="model 'm' cannot be registered"):
        workbench.register(candidate)
    with workbench.context.registry() as registry:
        assert registry.history() == ()


def test_the_code_of_user_functions_is_lineage(workbench, candidate):
    module = workbench.context.project / "own_code.py"
    digests = []
    for text in ("def f():\n    return 1\n", "def f():\n    return 2\n"):
        module.write_text(text)
        workbench.register(candidate, code=["own_code:f"])
        with workbench.context.registry() as registry:
            digests.append(registry.champion("m", "staging").lineage["code"])
    assert len(set(digests)) == 2


def test_the_version_says_who_answered_for_it(workbench, candidate):
    register.run(
        workbench.registration(owner="ops-ml"),
        candidate,
        {"decision": workbench.folder / "owned"},
        workbench.context,
    )
    with workbench.context.registry() as registry:
        assert registry.version("m", 1).lineage["owner"] == "ops-ml"
