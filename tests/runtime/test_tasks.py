"""The life of a task: looked up, laid out, carried out, kept."""

import dataclasses
import json
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError, Refusal, StepFailed, StoreError
from mlopsc.runtime import keys
from mlopsc.runtime.actions import ActionCache, ActionRecord
from mlopsc.runtime.context import Context
from mlopsc.runtime.tasks import (
    Task,
    carry_out,
    commit,
    library_version,
    literal_operation,
    made_meanwhile,
    prepare,
    require_accepted,
    stage,
)

PASS = {"name": "g", "type": "metric", "verdict": "pass", "reason": "fine"}
FAIL = PASS | {"verdict": "fail", "reason": "too low"}


@pytest.fixture
def context(tmp_path) -> Context:
    return Context(project=tmp_path)


@pytest.fixture
def store(context):
    return context.store()


def verdict(store, found=PASS, **more) -> Task:
    operation = literal_operation({"operation": "verdict", "decisions": ["gate_g"]}, {})
    digest = store.put_bytes(json.dumps(found).encode())
    return Task("train", "verdict", operation, {"gate_g": digest}, **more)


def metric_gate(**gate) -> dict:
    return {
        "operation": "judge_metric",
        "name": "g",
        "gate": {"type": "metric", "training": "t", "metric": "m", **gate},
    }


def carried_out(task, context, store, folder: Path):
    prepared = prepare(task, context, store)
    request = stage(prepared, context, store, folder)
    carry_out(json.loads(json.dumps(request)))
    return commit(prepared, context, store, folder, seconds=0.5)


def test_a_task_is_carried_out_once(context, store, tmp_path):
    task = verdict(store)
    first = prepare(task, context, store)
    assert (first.record, first.reasons) == (None, ("no earlier run",))
    committed = carried_out(task, context, store, tmp_path / "work")
    assert (committed.kept, committed.unchanged) == (True, False)
    assert prepare(task, context, store).record == committed.record
    assert json.loads(store.get_path(committed.record.outputs["decision"]).read_bytes())["verdict"] == "pass"
    assert list((tmp_path / "work").iterdir()) == []


def test_a_record_without_an_output_that_the_operation_has_by_now_is_a_miss(context, store, tmp_path):
    record = carried_out(verdict(store), context, store, tmp_path / "work").record
    ActionCache(store).save(dataclasses.replace(record, outputs={}))
    again = prepare(verdict(store), context, store)
    assert (again.record, again.reasons) == (None, ("its cached result has no output 'decision'",))
    assert made_meanwhile(again, context, store) is None


def test_a_forced_task_says_by_whom(context, store, tmp_path):
    carried_out(verdict(store), context, store, tmp_path / "work")
    forced = prepare(verdict(store), context, store, force="asked for")
    assert (forced.record, forced.reasons) == (None, ("asked for",))


def test_a_look_without_a_note_writes_nothing(context, store, tmp_path):
    carried_out(verdict(store), context, store, tmp_path / "work")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    other = Task("another pipeline", "verdict", verdict(store).operation, verdict(store).inputs)
    assert prepare(other, context, store, note=False).record is not None
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"env": {"A": "1"}}, "environment variable A changed"),
        (
            {"image": "registry.example.com/x@sha256:1"},
            "image changed: null → registry.example.com/x@sha256:1",
        ),
    ],
)
def test_environment_and_image_are_part_of_the_key(context, store, tmp_path, change, reason):
    carried_out(verdict(store), context, store, tmp_path / "work")
    assert prepare(verdict(store, **change), context, store).reasons == (reason,)


def test_what_another_run_made_meanwhile_is_found(context, store, tmp_path):
    prepared = prepare(verdict(store), context, store)
    assert made_meanwhile(prepared, context, store) is None
    committed = carried_out(verdict(store), context, store, tmp_path / "work")
    assert made_meanwhile(prepared, context, store) == committed.record


def test_a_refusal_comes_after_the_outputs_and_is_recorded(context, store, tmp_path):
    prepared = prepare(verdict(store, FAIL), context, store)
    request = stage(prepared, context, store, tmp_path / "work")
    with pytest.raises(Refusal, match="gate 'g': too low"):
        carry_out(request)
    commit(prepared, context, store, tmp_path / "work", seconds=0.0, refusal="gate 'g': too low")
    record = prepare(verdict(store, FAIL), context, store).record
    assert record.status == "refused"
    with pytest.raises(Refusal, match="too low"):
        require_accepted(prepared.task, record)


def test_a_missing_output_is_a_failure_and_no_record(context, store, tmp_path):
    prepared = prepare(verdict(store), context, store)
    stage(prepared, context, store, tmp_path / "work")
    with pytest.raises(StepFailed, match="without writing its output 'decision'"):
        commit(prepared, context, store, tmp_path / "work", seconds=0.0)
    assert not isinstance(ActionCache(store).lookup(prepared.action.key), ActionRecord)


def test_a_damaged_input_is_never_consumed(context, store, tmp_path):
    task = verdict(store)
    blob = store.get_path(task.inputs["gate_g"])
    blob.chmod(0o644)
    blob.write_bytes(b"{}")
    prepared = prepare(task, context, store)
    with pytest.raises(StoreError, match="is damaged"):
        stage(prepared, context, store, tmp_path / "work")


def test_a_function_that_changed_while_it_ran_is_not_kept(context, store, tmp_path):
    (tmp_path / "mine.py").write_text("import other\ndef view(a): return a\n")
    (tmp_path / "other.py").write_text("ONE = 1\n")
    operation = literal_operation(
        {"operation": "transform", "view": "v", "python": "mine:view", "tables": ["a"]}, {}
    )
    task = Task("train", "view_v", operation, {"a": store.put_bytes(b"x")})
    prepared = prepare(task, context, store)
    work = tmp_path / "work"
    work.mkdir()
    (work / "table").write_bytes(b"y")
    (tmp_path / "other.py").write_text("ONE = 2\n")
    assert not commit(prepared, context, store, work, seconds=0.0).kept
    assert prepare(task, context, store).record is None
    (work / "table").write_bytes(b"y")
    (tmp_path / "other.py").write_text("ONE = 1\n")
    assert commit(prepared, context, store, work, seconds=0.0).kept
    (tmp_path / "other.py").write_text("ONE = 3\n")
    assert prepare(task, context, store).reasons == ("code of other.py changed",)


def test_the_libraries_that_a_function_imports_are_part_of_the_key(context, store, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("import pytest\ndef view(a): return a\n")
    configuration = {"operation": "transform", "view": "v", "python": "mine:view", "tables": ["a"]}
    task = Task("train", "view_v", literal_operation(configuration, {}), {"a": store.put_bytes(b"x")})
    before = prepare(task, context, store).action
    assert before.components["libraries"]["pytest"] == library_version("pytest")
    monkeypatch.setattr(
        keys, "library_version", lambda name: "99" if name == "pytest" else library_version(name)
    )
    assert prepare(task, context, store).action.key != before.key


def test_parameters_are_filled_in_with_their_types():
    operation = literal_operation(metric_gate(min="${params.floor}"), {"floor": 0.5})
    assert operation.gate.min == 0.5


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "parameter 'floor' has no value"),
        ({"floor": "high"}, "min of gates.g must be a valid number, found text 'high'"),
    ],
)
def test_a_parameter_that_is_missing_or_does_not_fit_is_named(parameters, words):
    with pytest.raises(MlopscError, match=words):
        literal_operation(metric_gate(min="${params.floor}"), parameters)


@pytest.mark.parametrize("name", ["pydantic", "numpy", "duckdb", "mlopsc"])
def test_a_version_is_the_installed_one(name):
    from importlib.metadata import version

    assert library_version(name) == version(name)


def test_what_is_not_installed_is_absent():
    assert keys.library_version("no-such-distribution") == "absent"
