"""Cores and memory of the machine or container that a flow runs in, shared out to steps that ask for them."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from mlopsc.runtime.machine import capacity
from mlopsc.vocabulary.policy import memory_bytes


@dataclass
class Machine:
    """What is free. A step that asks for more than there is gets all of it, and so runs alone."""

    cores: float
    memory: int
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def here(cls) -> "Machine":
        """Return what this process may use: a container's limits are below the machine's size."""
        found = capacity()
        return cls(found.cores, found.memory)

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


def at_most(limit: int, group: str) -> contextlib.AbstractContextManager[object]:
    """Hold one of so many turns that the steps of a group have in this process; waits for one."""
    return _turns(group, limit)


@cache
def _turns(group: str, limit: int) -> threading.Semaphore:  # noqa: ARG001 - each group has its own
    return threading.Semaphore(limit)


@cache
def _machine() -> Machine:
    return Machine.here()
