"""Cores and memory of the machine or container that a flow runs in, shared out to steps that ask for them."""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_UNITS = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip
_GROUP = Path("/sys/fs/cgroup")


@dataclass
class Machine:
    """What is free. A step that asks for more than there is gets all of it, and so runs alone."""

    cores: float
    memory: int
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def here(cls, group: Path = _GROUP) -> "Machine":
        """Return what this process may use: a container's limits are below the machine's size."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        quota = _limits(group / "cpu.max")
        if len(quota) == 2:
            cores = min(cores, quota[0] / quota[1])  # type: ignore[assignment]
        return cls(float(cores), min([memory, *_limits(group / "memory.max")]))

    @contextlib.contextmanager
    def share(self, cores: float, memory: int) -> Iterator[None]:
        """Wait until so many cores and bytes are free, and hold them."""
        cores, memory = min(cores, self._whole[0]), min(memory, self._whole[1])
        with self._changed:
            self._changed.wait_for(lambda: cores <= self.cores and memory <= self.memory)
            self.cores -= cores
            self.memory -= memory
        try:
            yield
        finally:
            with self._changed:
                self.cores += cores
                self.memory += memory
                self._changed.notify_all()

    def __post_init__(self) -> None:
        self._whole = (self.cores, self.memory)


def share(*, cpu: float = 1, memory: str = "0") -> contextlib.AbstractContextManager[None]:
    """Hold cores and memory (as Kubernetes writes it) of this machine while a step runs; waits for them."""
    return _machine().share(cpu, memory_bytes(memory))


def memory_bytes(quantity: str) -> int:
    """Return the bytes that a Kubernetes quantity says."""
    digits = quantity.rstrip("KMGTki")
    return int(digits) * _UNITS.get(quantity[len(digits) :], 1)


@cache
def _machine() -> Machine:
    return Machine.here()


def _limits(path: Path) -> list[int]:
    """Return the numbers of a control group's file; none where there is no limit."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(word) for word in words] if all(word.isdigit() for word in words) else []
