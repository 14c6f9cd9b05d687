"""What a change re-runs: exactly the steps that depend on it, and the reason says so."""

import os
from pathlib import Path

import pytest

from mlopsc.runtime import keys
from mlopsc.vocabulary.policy import Policy


@pytest.fixture
def data(project) -> Path:
    return project.write("data.csv", "id,value\n1,2\n2,3\n")


def pipeline(make, *, most=10, factor=1, env=None):
    return (
        make.csv("a", "data.csv"),
        make.validate("a", most=most),
        make.view("one", f"select id, value * {factor} as v from a", "a", policy=Policy(env=env)),
        make.view("two", "select sum(v) as s from view_one", "view_one"),
        make.verdict(),
    )


def ran(make, result) -> dict[str, str]:
    """The steps that ran, with the reason."""
    return {step.name: step.reason for step in result.steps if step.status == "run"}


def test_a_changed_value_runs_its_step_and_what_depends_on_it(project, make, data):
    project.run(*pipeline(make))
    found = ran(make, project.run(*pipeline(make, most=20)))
    assert found.keys() == {"validate_a"}
    assert found["validate_a"].startswith("checks changed: ")


def test_a_changed_step_whose_result_stays_the_same_stops_the_change_there(project, make, data):
    project.run(*pipeline(make))
    again = project.run(*pipeline(make, factor="(2 - 1)"))
    assert ran(make, again).keys() == {"view_one"}
    other = ran(make, project.run(*pipeline(make, factor=5)))
    assert other["view_two"] == "input 'view_one' changed"
    assert other["view_one"].startswith("sql changed: ")


def test_the_order_of_keys_changes_nothing(project, make, data):
    steps = pipeline(make)
    project.run(*steps)
    turned = [
        step.model_copy(update={"configuration": dict(reversed(step.configuration.items()))})
        for step in steps
    ]
    assert ran(make, project.run(*turned)) == {}


def test_a_changed_file_runs_what_reads_it(project, make, data):
    project.run(*pipeline(make))
    data.write_text("id,value\n1,2\n2,4\n")
    found = ran(make, project.run(*pipeline(make)))
    assert found.keys() == {"load_a", "validate_a", "view_one", "view_two"}
    assert found["load_a"] == "what it observes changed"
    assert found["validate_a"] == "input 'data' changed"


def test_a_file_that_is_only_touched_runs_nothing(project, make, data):
    project.run(*pipeline(make))
    os.utime(data)
    assert ran(make, project.run(*pipeline(make))) == {}


def test_a_function_and_what_it_imports_are_part_of_the_key(project, make):
    steps = (make.rows("a"), make.view("all", "select * from a", "a"))
    project.run(*steps)
    project.write("helper.py", "FACTOR = 7\n")
    assert ran(make, project.run(*steps)) == {
        "load_a": "code of helper.py changed",
        "view_all": "input 'a' changed",
    }


def test_a_library_of_another_version_runs_what_depends_on_it(project, make, data, monkeypatch):
    project.run(*pipeline(make))
    known = keys.library_version
    monkeypatch.setattr(keys, "library_version", lambda name: "99" if name == "duckdb" else known(name))
    found = ran(make, project.run(*pipeline(make)))
    assert found.keys() == {"load_a", "validate_a", "view_one", "view_two"}
    assert found["view_one"] == f"duckdb {known('duckdb')} → 99"


def test_a_declared_environment_variable_is_part_of_the_key(project, make, data):
    project.run(*pipeline(make, env={"MODE": "a"}))
    assert ran(make, project.run(*pipeline(make, env={"MODE": "a"}))) == {}
    assert ran(make, project.run(*pipeline(make, env={"MODE": "b"}))) == {
        "view_one": "environment variable MODE changed"
    }


def test_a_variable_that_no_step_declares_changes_nothing(project, make, data, monkeypatch):
    project.run(*pipeline(make))
    monkeypatch.setenv("UNDECLARED", "1")
    assert ran(make, project.run(*pipeline(make))) == {}


def damage(project, result, step: str, how: str) -> None:
    digest = next(digest for (name, _), digest in result.outputs().items() if name == step)
    blob = project.state / "store" / "blobs" / digest[7:9] / digest[7:]
    if how == "delete":
        blob.unlink()
        return
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    times = blob.stat()
    blob.chmod(0o644)
    blob.write_bytes(data)
    os.utime(blob, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize(("how", "words"), [("delete", "is missing from the store"), ("flip", "is damaged")])
def test_a_cached_output_that_is_lost_or_damaged_is_made_again_and_that_is_said(
    project, make, data, how, words
):
    first = project.run(*pipeline(make))
    damage(project, first, "view_one", how)
    again = project.run(*pipeline(make))
    assert ran(make, again).keys() == {"view_one"}
    assert f"cached output 'table' {words}" in make.reason(again, "view_one")
    assert again.outputs() == first.outputs()
    assert ran(make, project.run(*pipeline(make))) == {}


def test_the_result_of_a_step_whose_source_changed_while_it_ran_is_not_kept(project, make):
    """The function rewrites itself, as an editor might while it runs."""
    hook = "Path('helper.py').write_text('FACTOR = 11\\n')"
    steps = (make.rows("a", hook=hook), make.view("all", "select * from a", "a"))
    first = project.run(*steps)
    assert first.status == "succeeded"
    assert "changed while it ran" in make.reason(first, "load_a")
    records = {path.stem for path in (project.state / "store" / "actions").glob("??/*.json")}
    assert len(records) == 1  # the view's: a function of the bytes that it got


def test_the_result_of_a_file_that_changed_while_it_was_read_is_not_kept(project, make, data, monkeypatch):
    from mlopsc.runtime import operations

    looks = iter(["sha256:before", "sha256:after"])
    monkeypatch.setattr(operations, "fingerprint", lambda operation, context: next(looks))
    result = project.run(make.csv("a", "data.csv"))
    assert "changed while it ran" in make.reason(result, "load_a")
    assert list((project.state / "store" / "actions").glob("??/*.json")) == []
