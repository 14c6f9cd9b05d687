"""Whoever was stopped for longer than its lease is overtaken; what it brings afterwards is refused, and it says so."""

import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from mlopsc.runtime.journal import Journal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs to see that a process is stopped")

SLEEP = "Path('pid').write_text(str(os.getpid()))\nwhile not Path('go').exists(): time.sleep(0.05)"
SHORT = "import os\nos.environ['MLOPSC_LEASE'] = '3s'\n"


def until(condition) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def asleep(project) -> int:
    """Wait until the long step runs; return its process id."""
    file = project.folder / "pid"
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def silent(project) -> bool:
    with Journal.of_project(project.folder) as journal:
        return bool(journal.orphans())


def runs(project) -> list[tuple[str, str]]:
    """Status of each run and of its first step, oldest first."""
    with Journal.of_project(project.folder) as journal:
        return [(run.status, journal.steps(run.id)[0].status) for run in reversed(journal.runs())]


def documents(project) -> dict[str, bytes]:
    store = project.state / "store"
    return {path.name: path.read_bytes() for path in store.glob("actions/??/*.json")}


def test_a_stopped_scheduler_is_overtaken_and_its_late_writes_are_refused(project, make):
    steps = (make.rows("a", hook=SLEEP), make.view("all", "select * from a", "a"))
    first = project.spawn(*steps, before=SHORT)
    pid = asleep(project)
    first.send_signal(signal.SIGSTOP)
    until(lambda: silent(project))
    (project.folder / "go").touch()
    second = project.run(*steps)
    assert make.statuses(second) == {"load_a": "run", "view_all": "run"}
    kept = documents(project)
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=60)
    assert (first.returncode, out) == (3, "")
    assert "was given up as crashed: no sign of life for" in err
    assert documents(project) == kept
    assert runs(project) == [("crashed", "failed"), ("succeeded", "run")]
    assert not Path(f"/proc/{pid}").exists()
    again = project.run(*steps)
    assert (again.status, again.outputs()) == ("succeeded", second.outputs())


def test_a_stopped_step_is_overtaken_and_what_it_made_is_not_kept(project, make):
    step = make.rows("a", hook=SLEEP)
    first = project.spawn(step, before=SHORT)
    pid = asleep(project)
    (project.folder / "pid").unlink()
    os.kill(pid, signal.SIGSTOP)
    second = project.spawn(step)  # waits, until nothing was heard of the step for a lease
    asleep(project)
    (project.folder / "go").touch()
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert [step["status"] for step in json.loads(out)["steps"]] == ["run"]
    kept = documents(project)
    os.kill(pid, signal.SIGCONT)
    out, err = first.communicate(timeout=60)
    (told,) = json.loads(out)["steps"]
    assert told["status"] == "failed"
    assert "another run took its work over: what it made is not kept" in told["reason"]
    assert documents(project) == kept
    assert runs(project) == [("failed", "failed"), ("succeeded", "run")]


def test_the_zygote_that_is_stopped_holds_its_steps_up_too(project, make):
    step = make.rows("a", hook=SLEEP)
    first = project.spawn(step, before=SHORT)
    pid = asleep(project)
    (project.folder / "pid").unlink()
    zygote = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(zygote, signal.SIGSTOP)
    second = project.spawn(step)
    asleep(project)
    (project.folder / "go").touch()
    assert second.wait(120) == 0
    second.communicate()
    os.kill(zygote, signal.SIGCONT)
    (told,) = json.loads(first.communicate(timeout=60)[0])["steps"]
    assert "another run took its work over" in told["reason"]


def test_a_live_step_is_waited_for_and_the_one_who_has_it_is_named(project, make):
    step = make.rows("a", hook=SLEEP)
    first = project.spawn(step)
    asleep(project)
    waits = []

    def waiting(name: str, holder: str) -> None:
        waits.append((name, holder))
        (project.folder / "go").touch()

    second = project.run(step, on_wait=waiting)
    out, _ = first.communicate(timeout=60)
    run = json.loads(out)["run"]
    assert waits == [("load_a", f"run {run} (process {first.pid} on {os.uname().nodename})")]
    assert second.status == "succeeded"


def test_the_heart_of_a_run_beats_while_its_steps_run(project, make):
    process = project.spawn(make.rows("a", hook=SLEEP), before=SHORT)
    asleep(project)

    def beats() -> tuple[float, float]:
        connection = sqlite3.connect(project.state / "journal.db")
        try:
            return connection.execute(
                "select runs.tick, claims.tick from runs join claims on runs.id = run"
            ).fetchone()
        finally:
            connection.close()

    first = beats()
    until(lambda: all(later > earlier for later, earlier in zip(beats(), first, strict=True)))
    (project.folder / "go").touch()
    assert process.wait(60) == 0
    process.communicate()
