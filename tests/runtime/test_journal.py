"""The journal knows what ran, also after kills, and any number of processes may write to it."""

import re
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.runtime.journal import Journal

STEPS = [("load_flights", "load"), ("split", "split"), ("train", "train")]


@pytest.fixture
def journal(tmp_path: Path):
    with Journal.of_project(tmp_path) as opened:
        yield opened


def test_a_run_and_its_steps_come_back(journal: Journal, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    run = journal.start_run(
        "train", spec="mlops.yaml", environment="prod", parameters={"n": 1}, plan='{"a":1}', steps=STEPS
    )
    assert re.fullmatch(r"\d{8}-\d{6}-[a-z2-9]{4}", run)
    journal.step_finished(run, "load_flights", "load", "cached", outputs={"table": "sha256:aa"}, key="k1")
    journal.step_started(run, "split", "split", key="k2", log="logs/split.log")
    journal.step_finished(run, "split", "split", "failed", seconds=1.5, error="boom")
    journal.step_finished(run, "train", "train", "skipped")
    journal.finish_run(run, "failed", exit_code=4)

    found = journal.run(run)
    assert journal.runs() == (found,)
    assert (found.pipeline, found.spec, found.environment) == ("train", "mlops.yaml", "prod")
    assert (found.parameters, found.status, found.exit_code) == ({"n": 1}, "failed", 4)
    assert found.ended is not None
    assert before <= found.started <= found.ended
    assert journal.plan(run) == '{"a":1}'
    load, split, train = journal.steps(run)
    assert (load.status, load.outputs, load.key, load.started) == (
        "cached",
        {"table": "sha256:aa"},
        "k1",
        None,
    )
    assert (split.status, split.seconds, split.error) == ("failed", 1.5, "boom")
    assert (split.log, split.key) == ("logs/split.log", "k2")
    assert (train.name, train.operation, train.status) == ("train", "train", "skipped")


def test_a_retried_step_begins_anew(journal: Journal) -> None:
    run = journal.start_run("train", spec="s")
    journal.step_started(run, "split", "split", log="one")
    journal.step_finished(run, "split", "split", "failed", seconds=1.0, error="boom")
    journal.step_started(run, "split", "split", log="two")
    (split,) = journal.steps(run)
    assert (split.status, split.error, split.seconds, split.log) == ("running", None, None, "two")


def test_equal_plans_are_kept_once(journal: Journal) -> None:
    runs = [journal.start_run("train", spec="s", plan="{}") for _ in range(3)]
    assert len({journal.run(run).plan for run in runs}) == 1
    assert {journal.plan(run) for run in runs} == {"{}"}
    assert journal.plan(journal.start_run("train", spec="s")) is None


def test_runs_are_listed_newest_first(journal: Journal) -> None:
    runs = [journal.start_run("train", spec="s") for _ in range(4)]
    assert [run.id for run in journal.runs(limit=3)] == runs[:0:-1]


def test_an_unknown_run_is_said(journal: Journal) -> None:
    with pytest.raises(UsageError, match="there is no run '20131231-000000-aaaa'"):
        journal.run("20131231-000000-aaaa")


def test_a_live_run_is_no_orphan(journal: Journal) -> None:
    journal.start_run("train", spec="s")
    assert journal.orphans() == ()


CRASH = """
import os, signal, sys
from pathlib import Path
from mlopsc.runtime.journal import Journal
journal = Journal.of_project(Path(sys.argv[1]))
run = journal.start_run("train", spec="s", steps=[("a", "load"), ("b", "train")])
journal.step_started(run, "a", "load")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_run_of_a_killed_process_is_an_orphan_and_can_be_marked(tmp_path: Path, journal: Journal) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (orphan,) = journal.orphans()
    seen = journal.run(orphan.id), journal.steps(orphan.id)
    assert journal.mark_crashed(orphan.id)
    assert not journal.mark_crashed(orphan.id)
    assert journal.orphans() == ()
    assert journal.run(orphan.id).status == "crashed"
    assert (seen[0].status, seen[1]) == (
        "crashed",
        journal.steps(orphan.id),
    )  # before it was written down, too
    assert [step.status for step in journal.steps(orphan.id)] == ["failed", "pending"]


HOUR_AGO = "tick = tick - 3600, renewed = '2026-01-01T00:00:00+00:00'"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("born = '1'", "its process"),  # the process id now belongs to a younger process
        ("boot = 'before'", "its process"),  # the machine was started anew
        ("boot = 'before', host = 'elsewhere'", None),  # of another machine's run the lease tells
        ("namespace = 'pid:[1]'", None),  # and of another container's
        ("host = 'renamed'", None),
        (f"boot = 'before', host = 'elsewhere', {HOUR_AGO}", "no sign of life for"),
        (f"namespace = 'pid:[1]', {HOUR_AGO}", "no sign of life for 3600 s"),
        (HOUR_AGO, "no sign of life for 3600 s"),  # it lives, but it is stopped
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell only process ids")
def test_a_run_is_an_orphan_when_its_process_is_gone_or_its_lease_ran_out(
    tmp_path: Path, journal: Journal, change: str, reason: str | None
) -> None:
    run = journal.start_run("train", spec="s")
    connection = sqlite3.connect(tmp_path / ".mlopsc" / "journal.db")
    with connection:
        connection.execute(f"update runs set {change}")
    connection.close()
    found = journal.run(run)
    assert journal.orphans() == ((found,) if reason else ())
    assert journal.running() == (() if reason else (found,))
    assert found.status == ("crashed" if reason else "running")
    assert (found.reason or "").startswith(reason or "")


def test_a_journal_of_before_leases_is_brought_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    connection = sqlite3.connect(file)
    connection.executescript((Path(__file__).parent / "journal-1.sql").read_text())
    connection.close()
    for _ in range(2):  # the second time there is nothing to do
        with Journal(file) as journal:
            unfinished, finished = journal.runs()
            assert (finished.status, finished.exit_code, finished.parameters) == ("succeeded", 0, {"n": 1})
            assert journal.plan(finished.id) == '{"a":1}'
            assert [(step.name, step.status, step.key) for step in journal.steps(finished.id)] == [
                ("load_a", "cached", "k1"),
                ("train", "run", "k2"),
            ]
            assert (unfinished.status, unfinished.lease) == ("running", 86_400)  # nobody can tell yet
    change = "update runs set renewed = '2026-01-01T00:00:00+00:00'"
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(change)
    connection.close()
    with Journal(file) as journal:
        assert [run.status for run in journal.runs()] == ["crashed", "succeeded"]
        assert journal.mark_crashed(unfinished.id)
        assert journal.claim(journal.start_run("train", spec="s"), "load_a", "k1")


WRITE = """
import sys
from pathlib import Path
from mlopsc.runtime.journal import Journal
with Journal.of_project(Path(sys.argv[1])) as journal:
    for _ in range(25):
        run = journal.start_run("train", spec="s", steps=[("a", "load")])
        journal.step_started(run, "a", "load")
        journal.step_finished(run, "a", "load", "run", seconds=0.0)
        journal.finish_run(run, "succeeded", exit_code=0)
"""


def test_processes_write_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    with Journal.of_project(tmp_path) as journal:
        runs = journal.runs(limit=1000)
        assert len({run.id for run in runs}) == 100
        assert {run.status for run in runs} == {"succeeded"}
        assert all([step.status for step in journal.steps(run.id)] == ["run"] for run in runs)


def test_it_is_durable(tmp_path: Path, journal: Journal) -> None:
    pragmas = {name: journal._connection.execute(f"pragma {name}").fetchone()[0] for name in PRAGMAS}
    assert pragmas == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000}


def test_a_damaged_or_newer_journal_is_said(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database" * 100)
    with pytest.raises(MlopscError, match=r"cannot use the journal .*damaged\.db"):
        Journal(damaged)
    Journal(tmp_path / "newer.db").close()
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(MlopscError, match="was written by a later mlopsc"):
        Journal(tmp_path / "newer.db")


def test_a_step_whose_end_was_not_written_has_failed_when_its_run_ends(tmp_path):
    with Journal(tmp_path / "journal.db") as journal:
        run = journal.start_run("train", spec="mlops.yaml", steps=[("a", "load"), ("b", "load")])
        journal.step_started(run, "a", "load")
        journal.finish_run(run, "failed", exit_code=3)
        assert [(step.status, step.error) for step in journal.steps(run)] == [
            ("failed", "its run ended before its end could be written down"),
            ("pending", None),
        ]
