"""Whatever ends a run from outside, it stops what runs, records that, says so, and leaves with 130."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlopsc.runtime.journal import Journal

MLOPSC = Path(sys.executable).parent / "mlopsc"
SPEC = """
apiVersion: mlopsc/v1
project: {name: sleepy}
datasets:
  rows:
    source: {type: python, python: "mine:rows"}
    primary_key: [id]
    columns: {id: {type: int64}, size: {type: int64}, big: {type: bool}}
training:
  shapes:
    entities: {dataset: rows, label: big}
    features: [size]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [accuracy]
"""
CODE = """
import os, time
from pathlib import Path

def rows():
    Path("pid").write_text(str(os.getpid()))
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlops.yaml").write_text(SPEC)
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path


class Terminal:
    """A run on a terminal of its own."""

    def __init__(self, project: Path, *command: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [MLOPSC, *command], cwd=project, stdin=slave, stdout=slave, stderr=slave, preexec_fn=_lead
        )
        os.close(slave)
        self.said = b""

    def read(self, until) -> None:
        """Take in what is said, until something holds."""
        for _ in range(6000):
            if until():
                return
            if self._master is not None and select.select([self._master], [], [], 0.02)[0]:
                try:
                    self.said += os.read(self._master, 4096)
                except OSError:  # the other side is closed
                    time.sleep(0.02)
            elif self._master is None:
                time.sleep(0.02)
        raise AssertionError(f"it did not happen: {self.said.decode()[-2000:]}")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def close(self) -> None:
        """Close the terminal, as its window does."""
        os.close(self._master)
        self._master = None

    def end(self) -> int:
        """Wait until the command has ended; return its exit status."""
        self.read(lambda: self.process.poll() is not None)
        if self._master is not None:
            while select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self._master, 4096)
                except OSError:
                    break
            os.close(self._master)
        return self.process.returncode


def _lead() -> None:
    """Make the terminal on standard input the controlling one, whose closing is heard also where tests ignore it."""
    import fcntl
    import signal
    import termios

    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def begun(project: Path) -> int | None:
    """Return the process id of the step that sleeps, once it runs."""
    file = project / "pid"
    return int(file.read_text()) if file.exists() and file.read_text() else None


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def recorded(project: Path) -> tuple[str, int | None, str]:
    with Journal.of_project(project) as journal:
        (run,) = journal.runs()
        statuses = {step.status for step in journal.steps(run.id)} - {"skipped"}
        return run.status, run.exit_code, ", ".join(statuses)


ENDS = {
    "ctrl-c": lambda terminal: terminal.type(b"\x03"),
    "ctrl-c twice": lambda terminal: (terminal.type(b"\x03"), time.sleep(0.02), terminal.type(b"\x03")),
    "kill": lambda terminal: terminal.process.terminate(),
    "kill twice": lambda terminal: (terminal.process.terminate(), terminal.process.terminate()),
    "terminal closed": lambda terminal: terminal.close(),
}


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
@pytest.mark.parametrize("how", ENDS)
def test_a_run_that_is_ended_from_outside_is_recorded_as_cancelled(project: Path, how: str) -> None:
    terminal = Terminal(project, "run")
    terminal.read(lambda: begun(project) is not None)
    step = begun(project)
    assert step is not None
    ENDS[how](terminal)
    assert terminal.end() == 130
    if how != "terminal closed":
        assert b"stopped; what had finished is kept, and `mlopsc run` goes on from there" in terminal.said
    terminal.read(lambda: not lives(step)) if how == "terminal closed" else None
    assert recorded(project) == ("cancelled", 130, "cancelled")


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
def test_a_run_that_waits_for_another_says_so_and_can_be_stopped(project: Path) -> None:
    first = Terminal(project, "run")
    first.read(lambda: begun(project) is not None)
    second = Terminal(project, "run")
    try:
        second.read(lambda: b"waits" in second.said)
        second.type(b"\x03")
        assert second.end() == 130
    finally:
        first.type(b"\x03")
        assert first.end() == 130
    assert f"(process {first.process.pid} on ".encode() in second.said
