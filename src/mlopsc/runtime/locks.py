"""A lock between processes that dies with its holder and with nothing else.

The kernel holds it (flock on an open file), so a killed holder leaves no dead lock, whatever the file says;
the text in the file only names the holder. POSIX only; the file must be on a local file system.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.atomic import make_folder


class FileLock:
    """A context manager that holds the lock at `path`; not re-entrant, threads exclude each other too.

    `timeout` in seconds, None waits for ever; `waiting` is called once, with a sentence, before waiting.
    Raises MlopscError when the time is over. A process forked (not spawned) while it is held keeps it alive.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout: float | None = None,
        poll: float = 0.05,
        waiting: Callable[[str], None] | None = None,
    ) -> None:
        self.path = path
        self._timeout = timeout
        self._poll = poll
        self._waiting = waiting
        self._descriptor: int | None = None

    def __enter__(self) -> "FileLock":
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        told = False
        while (descriptor := self._try()) is None:
            sentence = f"waiting for {self.path.name}, held by {self._holder()}"
            if not told and self._waiting is not None:
                self._waiting(sentence)
            told = True
            if deadline is not None and time.monotonic() >= deadline:
                raise MlopscError(
                    f"gave up {sentence}", help="wait until that process has ended, or stop it, and run again"
                )
            time.sleep(self._poll)
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self) -> int | None:
        """Return an open, locked file that is still the one at the path; None when another holds it."""
        try:
            make_folder(self.path.parent)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise MlopscError(f"cannot open the lock {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if not self._is_at_path(descriptor) or (os.fstat(descriptor).st_size == 0 and self._was_deleted()):
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        return descriptor

    def _is_at_path(self, descriptor: int) -> bool:
        with contextlib.suppress(OSError):
            mine, there = os.fstat(descriptor), self.path.stat()
            return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
        return False

    def _was_deleted(self) -> bool:
        """Whether a live process holds the lock on an earlier file of this name, which someone deleted.

        The new, empty file goes away again, so that whoever comes next looks again.
        """
        deleted = f"{self.path.parent.resolve() / self.path.name} (deleted)"
        if any(deleted in _open_files(process) for process in _flock_holders()):
            with contextlib.suppress(OSError):
                self.path.unlink()
            return True
        return False

    def _holder(self) -> str:
        try:
            return self.path.read_text("utf-8", "replace").strip() or "another process"
        except OSError:
            return "another process"


def _flock_holders() -> set[str]:
    """Return the process ids that hold any flock here; empty where the kernel does not tell (not Linux)."""
    try:
        lines = Path("/proc/locks").read_text("ascii", "replace").splitlines()
    except OSError:
        return set()
    fields = [line.split() for line in lines]
    return {words[4] for words in fields if len(words) > 4 and words[1] == "FLOCK"}


def _open_files(process: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield os.readlink(link)  # noqa: PTH115
