"""Work is claimed by one run at a time; the claim of a dead or silent one is taken over, that of a live one never."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import LeaseLost
from mlopsc.runtime.journal import Claim, Held, Journal

KEY = "ab" * 32


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.of_project(tmp_path) as opened:
        yield opened


def change(journal: Journal, statement: str) -> None:
    connection = sqlite3.connect(journal.file)
    with connection:
        connection.execute(statement)
    connection.close()


def start(journal: Journal) -> str:
    return journal.start_run("train", spec="s")


def claimed(journal: Journal, run: str) -> Claim:
    claim = journal.claim(run, "load_a", KEY)
    assert isinstance(claim, Claim)
    return claim


HOLD = """
import sys
from pathlib import Path
from mlopsc.runtime.journal import Journal
with Journal.of_project(Path(sys.argv[1])) as journal:
    run = journal.start_run("train", spec="s")
    journal.claim(run, "load_a", sys.argv[2])
    print(run, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", HOLD, str(folder), KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_live_holder_keeps_its_claim_and_is_named(journal: Journal) -> None:
    first, second = start(journal), start(journal)
    mine = claimed(journal, first)
    held = journal.claim(second, "load_b", KEY)
    assert isinstance(held, Held)
    assert held.claim == mine
    assert str(held).startswith(f"run {first} (process ")
    assert isinstance(journal.claim(second, "load_b", "cd" * 32), Claim)  # other work is free


def test_a_claim_that_is_given_back_is_free_and_the_next_token_is_higher(journal: Journal) -> None:
    first, second = start(journal), start(journal)
    mine = claimed(journal, first)
    journal.release(mine)
    assert claimed(journal, second).token > mine.token


def test_the_claims_of_a_run_that_ended_are_free(journal: Journal) -> None:
    first, second = start(journal), start(journal)
    claimed(journal, first)
    journal.finish_run(first, "succeeded", exit_code=0)
    claimed(journal, second)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell only process ids")
def test_the_claim_of_a_killed_holder_is_free_at_once_and_its_run_is_written_off(
    tmp_path: Path, journal: Journal
) -> None:
    with holder(tmp_path) as (process, run):
        mine = start(journal)
        assert isinstance(journal.claim(mine, "load_a", KEY), Held)
        process.send_signal(signal.SIGKILL)
        process.wait()
        claimed(journal, mine)
        found = journal.run(run)
        assert (found.status, found.reason) == ("crashed", f"its process {process.pid} is gone")


def test_the_claim_of_a_silent_run_is_taken_over_and_the_run_is_written_off(journal: Journal) -> None:
    first, second = start(journal), start(journal)
    mine = claimed(journal, first)
    change(journal, f"update runs set tick = tick - 31 where id = '{first}'")
    claimed(journal, second)
    for late in (
        lambda: journal.beat(first, [mine.token]),
        lambda: journal.step_started(first, "load_a", "load"),
        lambda: journal.step_finished(first, "load_a", "load", "run"),
        lambda: journal.finish_run(first, "succeeded", exit_code=0),
        lambda: journal.claim(first, "load_a", "cd" * 32),
        lambda: journal.require(first, mine.token),
    ):
        with pytest.raises(LeaseLost, match=f"run {first} was given up as crashed: no sign of life for 31 s"):
            late()
    assert journal.run(first).status == "crashed"


def test_a_silent_step_of_a_live_run_loses_its_claim_alone(journal: Journal) -> None:
    first, second = start(journal), start(journal)
    mine = claimed(journal, first)
    change(journal, "update claims set tick = tick - 31")
    claimed(journal, second)
    journal.beat(first, [mine.token])  # too late for the claim, not for the run
    journal.require(first)
    with (
        pytest.raises(LeaseLost, match="another run took its work over"),
        journal.guarding(first, mine.token),
    ):
        raise AssertionError
    journal.release(mine)  # gives back nothing of the other's
    assert isinstance(journal.claim(start(journal), "load_a", KEY), Held)


def test_a_holder_that_was_silent_goes_on_when_nobody_took_over(journal: Journal) -> None:
    run = start(journal)
    mine = claimed(journal, run)
    change(journal, "update runs set tick = tick - 3600")
    change(journal, "update claims set tick = tick - 3600")
    assert [orphan.id for orphan in journal.orphans()] == [run]
    journal.beat(run, [mine.token])
    assert journal.orphans() == ()
    assert isinstance(journal.claim(start(journal), "load_a", KEY), Held)
    assert not journal.mark_crashed(run)


def test_nobody_takes_over_while_a_record_is_written(tmp_path: Path, journal: Journal) -> None:
    first, second = start(journal), start(journal)
    mine = claimed(journal, first)
    done: list[Claim | Held] = []

    def take_over() -> None:
        with Journal.of_project(tmp_path) as other:
            done.append(other.claim(second, "load_a", KEY))

    thread = threading.Thread(target=take_over)
    change(journal, "update claims set tick = tick - 31")
    with journal.guarding(first, mine.token):
        thread.start()
        thread.join(0.3)
        assert not done
    thread.join()
    assert isinstance(done[0], Claim)


def test_threads_and_processes_claim_one_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with Journal.of_project(tmp_path) as journal:
            run, made = start(journal), 0
            while made < 10:
                claim = journal.claim(run, "load_a", KEY)
                if isinstance(claim, Claim):
                    inside += 1
                    most = max(most, inside)
                    made += 1
                    inside -= 1
                    journal.release(claim)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_journal_that_was_deleted_under_a_run_stops_it(journal: Journal) -> None:
    run = start(journal)
    journal.file.unlink()
    with pytest.raises(Exception, match="was moved or deleted while it was in use"):
        journal.beat(run)
