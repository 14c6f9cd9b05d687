"""Targets carry steps out: from files to files, or through store, cache and a process of its own."""

import json
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import Refusal, StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.execution import run_files, run_stored, surroundings
from mlopsc.runtime.user_code import digest_of_functions

PASS = {"name": "g", "type": "metric", "verdict": "pass", "reason": "fine"}
VERDICT = {"operation": "verdict", "decisions": ["gate_g"]}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MLOPSC_PROJECT", str(tmp_path))
    for name in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL", "MLOPSC_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def decision(verdict: str) -> bytes:
    return json.dumps(PASS | {"verdict": verdict}).encode()


def load(hook: str) -> dict:
    code = {"type": "python", "python": "mine:rows", "args": {"hook": hook}}
    return {"operation": "load", "dataset": "a", "source": code}


@pytest.fixture
def mine(project) -> Path:
    (project / "mine.py").write_text(
        "import os, time\n"
        "from pathlib import Path\n"
        "def rows(hook):\n"
        "    Path('calls').open('a').write('x')\n"
        "    exec(hook)\n"
        "    Path('a.csv').write_text('id\\n1\\n')\n"
        "    return 'a.csv'\n"
    )
    return project / "calls"


def test_files_become_files_in_folders_that_need_not_exist(project):
    (project / "in").write_bytes(decision("pass"))
    out = project / "deep" / "er" / "out"
    run_files(VERDICT, inputs={"gate_g": str(project / "in")}, outputs={"decision": str(out)})
    assert json.loads(out.read_bytes())["verdict"] == "pass"


def test_a_refusal_leaves_its_files(project):
    (project / "in").write_bytes(decision("fail"))
    out = project / "out"
    with pytest.raises(Refusal):
        run_files(VERDICT, inputs={"gate_g": str(project / "in")}, outputs={"decision": str(out)})
    assert json.loads(out.read_bytes())["verdict"] == "fail"


def test_code_that_the_step_was_not_compiled_for_is_not_run(project):
    (project / "sources.py").write_text("def rows():\n    raise AssertionError('it ran')\n")
    load = {"operation": "load", "dataset": "a", "source": {"type": "python", "python": "sources:rows"}}
    compiled_for = digest_of_functions(project, ["sources:rows"])
    (project / "sources.py").write_text("def rows():\n    raise AssertionError('it ran, and is newer')\n")
    with pytest.raises(
        StepFailed, match=r"the code of sources:rows in .* wanted sha256:\w{12}…, found sha256:"
    ):
        run_files(load, inputs={}, outputs={"data": str(project / "out")}, code=compiled_for)
    with pytest.raises(AssertionError, match="newer"):
        run_files(
            load,
            inputs={},
            outputs={"data": str(project / "out")},
            code=digest_of_functions(project, ["sources:rows"]),
        )
    (project / "sources.py").unlink()
    with pytest.raises(StepFailed, match="found none of the project's"):
        run_files(load, inputs={}, outputs={"data": str(project / "out")}, code=compiled_for)


def test_the_project_is_the_variable_or_the_working_directory(project, monkeypatch, tmp_path_factory):
    assert surroundings().project == project
    other = tmp_path_factory.mktemp("other")
    monkeypatch.chdir(other)
    monkeypatch.delenv("MLOPSC_PROJECT")
    monkeypatch.setenv("MLOPSC_ACTOR", "robot")
    assert (surroundings().project, surroundings().actor) == (other, "robot")
    assert surroundings(project).project == project


def test_digests_become_digests_and_a_second_time_comes_from_the_cache(project):
    store = Context(project=project).store()
    inputs = {"gate_g": store.put_bytes(decision("pass"))}
    first = run_stored("verdict", VERDICT, pipeline="train", inputs=inputs)
    records = list((project / ".mlopsc" / "store" / "actions").glob("??/*.json"))
    assert run_stored("verdict", VERDICT, pipeline="train", inputs=inputs) == first
    assert list((project / ".mlopsc" / "store" / "actions").glob("??/*.json")) == records
    assert store.verify(first["decision"])
    assert list((project / ".mlopsc" / "work").iterdir()) == []


def test_a_refusal_is_raised_when_it_is_new_and_when_it_is_cached(project):
    inputs = {"gate_g": Context(project=project).store().put_bytes(decision("fail"))}
    for _ in range(2):
        with pytest.raises(Refusal, match="gate 'g': fine"):
            run_stored("verdict", VERDICT, pipeline="train", inputs=inputs)


def test_the_step_sees_project_environment_and_parameters(project, mine):
    hook = "Path('seen').write_text(os.environ['COLOUR'] + ' ${params.day}')"
    run_stored(
        "load_a", load(hook), pipeline="train", inputs={}, parameters={"day": "monday"}, env={"COLOUR": "red"}
    )
    assert (project / "seen").read_text() == "red monday"


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("raise ValueError('bad day')", "step load_a failed: ValueError: bad day"),
        ("os._exit(7)", "step load_a failed: the process left with exit status 7 and no result"),
        ("os.abort()", "step load_a failed: killed by SIGABRT"),
        (
            "from mlopsc.diagnostics.errors import Refusal; raise Refusal('no')",
            "step load_a failed: Refusal: no",
        ),
    ],
    ids=["raises", "leaves", "aborts", "refuses"],
)
def test_a_crash_is_a_failure_with_the_steps_last_words(project, mine, hook, words):
    with pytest.raises(StepFailed) as failed:
        run_stored("load_a", load(f"print('so far', flush=True); {hook}"), pipeline="train", inputs={})
    assert str(failed.value).startswith(words)
    assert "so far" in str(failed.value.__cause__)
    assert list((project / ".mlopsc" / "work").iterdir()) == []


def test_a_step_that_takes_too_long_is_stopped(project, mine):
    with pytest.raises(StepFailed, match=r"took longer than 0\.5 s"):
        run_stored("load_a", load("time.sleep(600)"), pipeline="train", inputs={}, timeout=0.5)


def test_another_store_can_be_named(project, mine):
    found = run_stored("load_a", load(""), pipeline="train", inputs={}, store_url="kept/here")
    assert Context(project=project, store_url="kept/here").store().verify(found["data"])
    assert not (project / ".mlopsc" / "store").exists()
