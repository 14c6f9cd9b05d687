"""A step runs in a process of its own; however it ends, the parent is told and nothing is left over."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlopsc.runtime.workers import Handle, Outcome, Workers

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def entries_are_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))


@pytest.fixture(params=["fork", "fresh"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with Workers(fresh=request.param == "fresh") as started:
        yield started


@pytest.fixture
def forking() -> Iterator[Workers]:
    with Workers() as started:
        yield started


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition: Any) -> None:
    """Wait for something that must happen; the test's own time limit ends a wait in vain."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def finished(workers: Workers, *handles: Handle) -> list[Outcome | None]:
    waiting = set(handles)
    while waiting:
        waiting -= set(workers.wait(30))
    return [handle.outcome for handle in handles]


def test_a_value_goes_in_and_comes_out_and_the_output_is_logged(workers: Workers, tmp_path: Path) -> None:
    value = {"text": 'quotes " and \n lines ${{ x }} é \u202e', "numbers": [1, 2.5, None]}
    outcome = workers.run("step_entries:echo", value, log=tmp_path / "logs" / "step.log")
    assert (outcome.kind, outcome.value) == ("ok", value)
    assert outcome.cpu_seconds > 0
    assert outcome.max_rss > 1_000_000
    assert (tmp_path / "logs" / "step.log").read_text() == "said\nwarned\n"


def test_a_step_has_its_own_surroundings(workers: Workers, tmp_path: Path) -> None:
    names = ["MLOPSC_TEST", "numpy", "json"]
    outcome = workers.run(
        "step_entries:surroundings", names, log=tmp_path / "log", env={"MLOPSC_TEST": "a b"}, cwd=tmp_path
    )
    assert outcome.value["cwd"] == str(tmp_path.resolve())
    assert outcome.value["env"]["MLOPSC_TEST"] == "a b"
    assert outcome.value["group"]
    assert outcome.value["stdin"] == ""
    assert outcome.value["modules"] == ["json"]
    assert "MLOPSC_TEST" not in os.environ


def test_preloaded_modules_are_there_and_what_they_print_is_no_event(tmp_path: Path) -> None:
    with Workers(preload=["this", "colorsys", "no_such_module"]) as workers:
        outcome = workers.run("step_entries:surroundings", ["this", "colorsys"], log=tmp_path / "log")
    assert outcome.value["modules"] == ["this", "colorsys"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("refuse", ("refusal", "Refusal", "too few rows", "load more")),
        ("fail", ("failed", "StepFailed", "cannot fit", "try another")),
        ("crash", ("failed", "KeyError", "'missing'", None)),
        ("absent", ("failed", "AttributeError", "module 'step_entries' has no attribute 'absent'", None)),
        ("return_nonsense", ("failed", "TypeError", "Object of type object is not JSON serializable", None)),
    ],
)
def test_an_exception_is_told(
    forking: Workers, tmp_path: Path, entry: str, expected: tuple[str, str, str, str | None]
) -> None:
    outcome = forking.run(f"step_entries:{entry}", None, log=tmp_path / "log")
    assert (outcome.kind, outcome.type, outcome.message, outcome.help) == expected
    assert outcome.traceback.startswith("Traceback")
    assert (tmp_path / "log").read_text() == outcome.traceback


@pytest.mark.parametrize(
    ("entry", "request_", "message"),
    [
        ("signal_itself", "SIGKILL", "killed by SIGKILL (out of memory?)"),
        ("signal_itself", "SIGSEGV", "killed by SIGSEGV (a crash in native code)"),
        ("signal_itself", "SIGTERM", "killed by SIGTERM"),
        ("leave", 3, "the process left with exit status 3 and no result"),
    ],
)
def test_a_death_is_told_in_words(
    workers: Workers, tmp_path: Path, entry: str, request_: Any, message: str
) -> None:
    outcome = workers.run(f"step_entries:{entry}", request_, log=tmp_path / "log")
    assert (outcome.kind, outcome.message) == ("died", message)
    assert workers.run("step_entries:echo", 1, log=tmp_path / "log").value == 1


def test_a_step_that_takes_too_long_is_stopped_with_its_children(workers: Workers, tmp_path: Path) -> None:
    outcome = workers.run("step_entries:hang", str(tmp_path / "pids"), log=tmp_path / "log", timeout=1.5)
    assert (outcome.kind, outcome.message) == ("timeout", "took longer than 1.5 s and was stopped")
    until(lambda: not any(map(lives, noted(tmp_path / "pids"))))


def test_a_killed_step_ends_with_its_children(workers: Workers, tmp_path: Path) -> None:
    handle = workers.submit("step_entries:hang", str(tmp_path / "pids"), log=tmp_path / "log")
    until((tmp_path / "pids").exists)
    workers.kill(handle)
    (outcome,) = finished(workers, handle)
    assert outcome is not None
    assert (outcome.kind, outcome.message) == ("killed", "stopped on request")
    until(lambda: not any(map(lives, noted(tmp_path / "pids"))))


def test_what_a_step_leaves_running_ends_with_it(workers: Workers, tmp_path: Path) -> None:
    outcome = workers.run("step_entries:leave_a_child", str(tmp_path / "pid"), log=tmp_path / "log")
    assert outcome.kind == "ok"
    until(lambda: not lives(outcome.value))


def test_many_steps_run_at_once_and_each_is_told_once(workers: Workers, tmp_path: Path) -> None:
    handles = [workers.submit("step_entries:echo", number, log=tmp_path / "log") for number in range(8)]
    outcomes = finished(workers, *handles)
    assert [outcome and outcome.value for outcome in outcomes] == list(range(8))
    assert workers.wait(0) == []


def test_waiting_ends_after_its_time(forking: Workers, tmp_path: Path) -> None:
    assert forking.wait() == []
    handle = forking.submit("step_entries:hang", str(tmp_path / "pids"), log=tmp_path / "log")
    assert forking.wait(0.05) == []
    assert handle.outcome is None


def test_threads_run_steps_side_by_side(forking: Workers, tmp_path: Path) -> None:
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        for turn in range(5):
            found[number * 10 + turn] = forking.run(
                "step_entries:echo", number * 10 + turn, log=tmp_path / "log"
            ).value

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all(number == value for number, value in found.items())


def test_closing_stops_what_runs_also_under_a_waiting_thread(tmp_path: Path) -> None:
    outcomes: list[Outcome] = []
    workers = Workers()
    thread = threading.Thread(
        target=lambda: outcomes.append(
            workers.run("step_entries:hang", str(tmp_path / "pids"), log=tmp_path / "log")
        )
    )
    thread.start()
    until((tmp_path / "pids").exists)
    workers.close()
    thread.join()
    assert [outcome.kind for outcome in outcomes] == ["killed"]
    until(lambda: not any(map(lives, noted(tmp_path / "pids"))))
    workers.close()


def test_the_death_of_the_zygote_is_told_and_the_next_step_has_another(
    forking: Workers, tmp_path: Path
) -> None:
    zygote = forking.run("step_entries:surroundings", [], log=tmp_path / "log").value["parent"]
    handle = forking.submit("step_entries:hang", str(tmp_path / "pids"), log=tmp_path / "log")
    until((tmp_path / "pids").exists)
    os.kill(zygote, signal.SIGKILL)
    (outcome,) = finished(forking, handle)
    assert outcome is not None
    assert (outcome.kind, outcome.message.split("(")[0]) == (
        "died",
        "the process that starts steps has died ",
    )
    until(lambda: not lives(noted(tmp_path / "pids")[0]))
    assert forking.run("step_entries:echo", 5, log=tmp_path / "log").value == 5
    os.kill(noted(tmp_path / "pids")[1], signal.SIGKILL)


PARENT = """
import sys
from pathlib import Path
from mlopsc.runtime.forked import allow_forks
from mlopsc.runtime.workers import Workers
if sys.argv[1] == "program":
    allow_forks()
workers = Workers(fresh=sys.argv[1] == "fresh").__enter__()
workers.submit("step_entries:hang", sys.argv[2], log=Path(sys.argv[2] + ".log"))
workers.wait()
"""


@pytest.mark.parametrize("how", ["fork", "fresh", "program"])
def test_nothing_outlives_a_killed_parent(tmp_path: Path, how: str) -> None:
    command = [sys.executable, "-c", PARENT, how, str(tmp_path / "pids")]
    parent = subprocess.Popen(command)
    until((tmp_path / "pids").exists)
    pids = noted(tmp_path / "pids")
    assert all(map(lives, pids))
    parent.kill()
    parent.wait()
    until(lambda: not any(map(lives, pids)))


@pytest.mark.parametrize("how", ["fork", "program"])
def test_ctrl_c_reaches_the_parent_alone(tmp_path: Path, how: str) -> None:
    command = [sys.executable, "-c", PARENT, how, str(tmp_path / "pids")]
    parent = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until((tmp_path / "pids").exists)
    os.killpg(parent.pid, signal.SIGINT)
    said = parent.communicate()[1]
    assert said.count("KeyboardInterrupt") == 1
    assert (tmp_path / "pids.log").read_text() == ""
    until(lambda: not any(map(lives, noted(tmp_path / "pids"))))


def test_the_zygote_imports_nothing_heavy() -> None:
    code = (
        "import sys, mlopsc.runtime.zygote; print(sorted({'numpy', 'pydantic', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def noted(path: Path) -> list[int]:
    """Return the process ids that `hang` noted; none when it was stopped before it could."""
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def test_forked_children_can_use_threaded_libraries(tmp_path: Path) -> None:
    preload = ["numpy", "pandas", "sklearn.ensemble", "duckdb", "pyarrow.parquet"]
    with Workers(preload=preload) as workers:
        handles = [
            workers.submit("step_entries:compute", None, log=tmp_path / "log", timeout=60) for _ in range(2)
        ]
        first, second = finished(workers, *handles)
    assert first is not None
    assert second is not None
    assert (first.kind, first.message) == ("ok", "")
    assert first.value[1:] == [2000, 4000]
    assert first.value == second.value
