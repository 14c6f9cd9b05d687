"""Whether a process that was noted earlier still lives: a process id alone is soon someone else's."""

import contextlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process for good: boot of the machine, process-id namespace, process id, and when it was born.

    Where the kernel does not tell (not Linux) boot, namespace and born are empty.
    """

    boot: str
    namespace: str
    pid: int
    born: str


def this_process() -> Process:
    """Return the process that calls."""
    boot, namespace = _here()
    return Process(boot, namespace, os.getpid(), _born(os.getpid()) or "")


def is_gone(process: Process, *, same_host: bool) -> bool:
    """Whether the process has surely ended; False also where that cannot be known from here."""
    boot, namespace = _here()
    if process.boot != boot:
        return same_host  # the machine has started anew since
    if process.namespace != namespace or (not boot and not same_host):
        return False
    if not boot:
        return not _answers(process.pid)
    return _born(process.pid) != process.born


def boot_of_this_machine() -> str:
    """Return what names this boot of the machine, also from inside of a container; empty where nothing does."""
    return _here()[0]


def is_stopped(pid: int) -> bool:
    """Whether a process is held by SIGSTOP or a debugger; False where the kernel does not tell (not Linux)."""
    return (_fields(pid) or "?")[0] in ("T", "t")


@lru_cache
def _here() -> tuple[str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return boot, os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    except OSError:
        return "", ""


def _born(pid: int) -> str | None:
    """Return the start time in clock ticks since boot; None when the process has ended."""
    fields = _fields(pid)
    return None if fields is None or fields[0] in "ZX" else fields[19]


def _fields(pid: int) -> list[str] | None:
    """Return what the kernel says of a process, from its state on; None when there is none or it says nothing."""
    with contextlib.suppress(OSError):
        # The name, in parentheses, may hold anything; state is the first field after it, start time the 20th.
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return None


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
