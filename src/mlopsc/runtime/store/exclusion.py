"""Users of a local store and its collection exclude each other: many use at once, one collects alone.

The kernel holds the lock, so it dies with its holder.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlopsc.diagnostics.errors import StoreError

_PATIENCE = 60.0  # seconds that a collection waits for users
_POLL = 0.02


@contextmanager
def guard(root: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold the store in the folder `root`, alone if `exclusive`; raises StoreError when it is in use for too long.

    A folder that is not there, or cannot be written to, needs no guard: nothing is collected from it.
    """
    with contextlib.ExitStack() as stack:
        try:
            descriptor = _opened(root)
        except FileNotFoundError:
            pass  # there is no folder
        except OSError as error:
            if exclusive and root.is_dir():
                raise StoreError(f"cannot lock the store {root}: {error.strerror}") from error
        else:
            stack.callback(os.close, descriptor)
            _take(descriptor, root, exclusive)
        yield


def _opened(root: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(root / "lock", flags, 0o666)
    except FileNotFoundError:
        if not root.is_dir():
            raise
        return os.open(root / "lock", flags, 0o666)  # somebody has made the folder meanwhile


def _take(descriptor: int, root: Path, exclusive: bool) -> None:
    if not exclusive:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"the store {root} has been in use for {_PATIENCE:.0f} s",
                    help="a run stores something large, or hangs: try again when it is done",
                ) from None
        time.sleep(_POLL)
