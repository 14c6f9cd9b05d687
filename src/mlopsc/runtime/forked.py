"""The process that starts steps, as a fork of this one: what a command has imported, no step imports again.

Only a program that is mlopsc's own may be forked, and says so (`allow_forks`): a notebook or a server holds threads,
locks and connections that a fork would break.
"""

import contextlib
import os
import signal
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import TimeoutExpired
from typing import NoReturn

_STANDARD = 3  # descriptors below are standard input, output and error
_PATIENCE = 0.01  # seconds between looks whether the process has ended
_ours = False


def allow_forks() -> None:
    """Say that nothing but mlopsc runs in this process."""
    global _ours
    _ours = True


def can_fork() -> bool:
    """Whether a fork of this process is safe: it is mlopsc's own, on Linux, of one thread, and no file is open.

    An open file may be a database of SQLite, which must not be carried into another process.
    """
    if not _ours or sys.platform != "linux":
        return False
    try:
        alone = sum(1 for _ in Path("/proc/self/task").iterdir()) == 1
        return alone and not any(map(_is_file, _descriptors()))
    except OSError:
        return False


class Forked:
    """A fork of this process that serves as a zygote: of `subprocess.Popen` as much as `Workers` needs.

    Raises OSError when the system has no room for another process.
    """

    def __init__(self, preload: Sequence[str], env: Mapping[str, str]) -> None:
        """Fork; `env` is added to the child's environment."""
        requests, write = os.pipe()
        read, events = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):  # it may be closed, or none at all
                stream.flush()  # or each step would write again what waits there
        try:
            self.pid = os.fork()
        except OSError:
            for descriptor in (requests, write, read, events):
                os.close(descriptor)
            raise
        if self.pid == 0:
            _be_zygote(requests, events, preload, env)
        os.close(requests)
        os.close(events)
        self.stdin = os.fdopen(write, "wb", buffering=0)
        self.stdout = os.fdopen(read, "rb", buffering=0)
        self._ended = False

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended; raises TimeoutExpired after so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._ended:
            pid, _ = os.waitpid(self.pid, 0 if deadline is None else os.WNOHANG)
            self._ended = pid != 0
            if not self._ended and deadline is not None:
                if time.monotonic() >= deadline:
                    raise TimeoutExpired("the fork that starts steps", timeout or 0.0)
                time.sleep(_PATIENCE)

    def kill(self) -> None:
        """Kill it, and by that its children."""
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)


def _be_zygote(requests: int, events: int, preload: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Be the child: leave the parent's session, signals, descriptors and import path behind, and serve."""
    status = 70
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(requests, 0)
        os.dup2(events, 1)
        os.closerange(_STANDARD, max(_descriptors(), default=_STANDARD) + 1)
        os.environ.update(env)
        if not sys.flags.safe_path:
            del sys.path[0]  # the folder of the program, or the one where it was started
        from mlopsc.runtime.zygote import main

        main(preload)
        status = 0
    finally:
        os._exit(status)


def _descriptors() -> list[int]:
    """Return the open descriptors above the standard ones."""
    return [number for one in Path("/proc/self/fd").iterdir() if (number := int(one.name)) >= _STANDARD]


def _is_file(descriptor: int) -> bool:
    with contextlib.suppress(OSError):  # the one that listed them is closed again
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    return False
