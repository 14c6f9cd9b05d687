"""A lock goes with its holder, and a live holder keeps it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.locks import FileLock

HOLD = """
import sys
from pathlib import Path
from mlopsc.runtime.locks import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "run"
    with holder(lock) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with FileLock(lock, timeout=0):
            pass


def test_a_live_holder_is_waited_for_and_named(tmp_path: Path) -> None:
    lock, said = tmp_path / "run", []
    with holder(lock) as process:
        with pytest.raises(MlopscError, match="gave up waiting for run, held by process"):
            FileLock(lock, timeout=0.1, poll=0.01, waiting=said.append).__enter__()
        assert len(said) == 1
        assert said[0].startswith(f"waiting for run, held by process {process.pid} on ")
        assert process.stdin is not None
        process.stdin.close()
        with FileLock(lock, timeout=20):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a deleted file")
@pytest.mark.parametrize("tamper", ["zero", "delete", "replace"])
def test_tampering_with_the_file_robs_no_live_holder(tmp_path: Path, tamper: str) -> None:
    lock = tmp_path / "run"
    with holder(lock) as process:
        if tamper == "zero":
            lock.write_bytes(b"")
        else:
            lock.unlink()
            if tamper == "replace":
                lock.touch()
        for _ in range(2):
            with pytest.raises(MlopscError, match="gave up"):
                FileLock(lock, timeout=0).__enter__()
        process.kill()
        process.wait()
        with FileLock(lock, timeout=0):
            pass


def test_a_zeroed_file_of_a_killed_holder_is_no_obstacle(tmp_path: Path) -> None:
    lock = tmp_path / "run"
    with holder(lock) as process:
        process.kill()
        process.wait()
    lock.write_bytes(b"")
    with FileLock(lock, timeout=0):
        pass


def test_a_waiter_on_a_deleted_file_does_not_share_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "run"
    with FileLock(lock):
        lock.unlink()
        with pytest.raises(MlopscError):
            FileLock(lock, timeout=0).__enter__()


def test_threads_exclude_each_other(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with FileLock(tmp_path / "run", poll=0.001):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
