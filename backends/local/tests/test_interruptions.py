"""Stopped or killed at any time, a run leaves nothing running and nothing half done, and the next one goes on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlopsc.runtime.journal import Journal

SLEEP = "Path('pid').write_text(str(os.getpid())); time.sleep(0 if Path('go').exists() else 600)"


def until(condition) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def steps(make):
    return (
        make.rows("a"),
        make.rows("b", hook=SLEEP, after=("load_a",)),
        make.view("all", "select * from a union all select * from b", "a", "b"),
    )


def asleep(project) -> int:
    """Wait until the long step runs; return its process id."""
    file = project.folder / "pid"
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def journal(project, run: str | None = None):
    with Journal.of_project(project.folder) as found:
        last = found.run(run) if run else found.runs()[-1]
        return last.status, last.exit_code, {step.name: step.status for step in found.steps(last.id)}


def uninterrupted(project, make, tmp_path_factory):
    other = type(project)(tmp_path_factory.mktemp("uninterrupted"))
    (other.folder / "go").touch()
    return other.run(*steps(make)).outputs()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_runs_and_the_run_is_cancelled(project, make, number, tmp_path_factory):
    process = project.spawn(*steps(make))
    pid = asleep(project)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as the terminal does
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "interrupted\n", "")
    until(lambda: not lives(pid))
    assert journal(project) == (
        "cancelled",
        130,
        {"load_a": "run", "load_b": "cancelled", "view_all": "skipped"},
    )
    assert not list((project.state / "runs").glob("*/work"))
    (project.folder / "go").touch()
    again = project.run(*steps(make))
    assert make.statuses(again) == {"load_a": "cached", "load_b": "run", "view_all": "run"}
    assert again.outputs() == uninterrupted(project, make, tmp_path_factory)


def test_a_killed_run_is_recognized_by_the_next_and_takes_its_steps_along(project, make, tmp_path_factory):
    process = project.spawn(*steps(make))
    pid = asleep(project)
    process.kill()
    process.communicate()
    until(lambda: not lives(pid))
    with Journal.of_project(project.folder) as found:
        assert [run.status for run in found.orphans()] == ["crashed"]
    assert list((project.state / "runs").glob("*/work/*"))
    (project.folder / "go").touch()
    again = project.run(*steps(make))
    assert again.status == "succeeded"
    assert again.outputs() == uninterrupted(project, make, tmp_path_factory)
    assert journal(project) == ("crashed", 4, {"load_a": "run", "load_b": "failed", "view_all": "pending"})
    assert not list((project.state / "runs").glob("*/work"))


@pytest.mark.skipif(sys.platform != "linux", reason="finds the zygote through /proc")
@pytest.mark.parametrize("victim", ["scheduler", "zygote", "step"])
def test_whichever_process_is_killed_resume_does_the_rest_and_no_more(
    project, make, victim, tmp_path_factory
):
    process = project.spawn(*steps(make))
    step = asleep(project)
    zygote = int(Path(f"/proc/{step}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill({"scheduler": process.pid, "zygote": zygote, "step": step}[victim], signal.SIGKILL)
    err = process.communicate(timeout=60)[1]
    until(lambda: not lives(step))
    until(lambda: not lives(zygote))
    with Journal.of_project(project.folder) as found:
        (run,) = found.runs()
        assert run.status == ("crashed" if victim == "scheduler" else "failed"), err
        assert [one.status for one in found.steps(run.id)][:2] == ["run", "failed"]
    (project.folder / "go").touch()
    before = project.calls()
    resumed = subprocess.run(
        [Path(sys.executable).parent / "mlopsc", "resume", run.id, "--json"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    told = {one["name"]: one for one in json.loads(resumed.stdout)["steps"]}
    assert {name: one["status"] for name, one in told.items()} == {
        "load_a": "cached",
        "load_b": "run",
        "view_all": "run",
    }
    assert project.calls()["b"] == before["b"] + 1
    made = {(name, port): digest for name, one in told.items() for port, digest in one["outputs"].items()}
    assert made == uninterrupted(project, make, tmp_path_factory)


def test_a_kill_between_blobs_and_record_leaves_no_record(project, make):
    before = (
        "import os, signal\n"
        "from mlopsc.runtime.actions import ActionCache\n"
        "ActionCache.save = lambda self, record: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = project.spawn(make.rows("a"), before=before)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    store = project.state / "store"
    assert len(list(store.glob("blobs/??/*"))) == 1
    assert list(store.glob("actions/??/*.json")) == []
    assert make.statuses(project.run(make.rows("a"))) == {"load_a": "run"}


def test_two_runs_at_once_do_no_work_twice(project, make):
    (project.folder / "source.csv").write_text("id,value\n1,2\n")
    slow = "select a.id, count(*) as n from a, range(200000000) as r group by a.id"
    both = [make.csv("a", "source.csv"), make.view("slow", slow, "a")]
    runs = [project.spawn(*both), project.spawn(*both)]
    results = []
    for process in runs:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        results.append(json.loads(out))
    ran = [step["name"] for result in results for step in result["steps"] if step["status"] == "run"]
    assert sorted(ran) == ["load_a", "view_slow"]
    assert {result["status"] for result in results} == {"succeeded"}


def test_a_run_in_a_thread_leaves_signals_alone(project, make):
    results = []
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=lambda: results.append(project.run(make.verdict())))
    thread.start()
    thread.join()
    assert results[0].status == "succeeded"
    assert signal.getsignal(signal.SIGINT) is before


def test_handlers_are_given_back(project, make):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    project.run(make.verdict())
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
