"""Cores and memory of this machine, shared out to steps by what their policies ask for."""

import os
from dataclasses import dataclass

from mlopsc.vocabulary.policy import Policy

_UNITS = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip


@dataclass(frozen=True)
class Share:
    """Thousandths of a core, and bytes: whole numbers, so that giving back restores exactly what was there."""

    millicores: int
    memory: int


class Resources:
    """What there is and what of it is free; a step that asks for more than there is gets all of it."""

    def __init__(self, cores: int, memory: int) -> None:
        """Begin with everything free; `memory` in bytes."""
        self._all = Share(cores * 1000, memory)
        self._free = self._all

    @classmethod
    def of_this_machine(cls) -> "Resources":
        """Return the cores that this process may use, and the machine's memory."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(cores, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))

    def share(self, policy: Policy) -> Share:
        """Return what a step takes, at most all of this machine's; one core and no memory by default."""
        millicores = round((policy.cpu or 1.0) * 1000)
        return Share(
            max(1, min(millicores, self._all.millicores)),
            min(memory_bytes(policy.memory), self._all.memory),
        )

    def has(self, share: Share) -> bool:
        """Whether a share is free."""
        return share.millicores <= self._free.millicores and share.memory <= self._free.memory

    def take(self, share: Share) -> None:
        """Take a share that is free."""
        self._free = Share(self._free.millicores - share.millicores, self._free.memory - share.memory)

    def give_back(self, share: Share) -> None:
        """Return a share that was taken."""
        self._free = Share(self._free.millicores + share.millicores, self._free.memory + share.memory)


def memory_bytes(quantity: str | None) -> int:
    """Return the bytes that a Kubernetes quantity says; 0 for None."""
    if quantity is None:
        return 0
    digits = quantity.rstrip("KMGTki")
    return int(digits) * _UNITS.get(quantity[len(digits) :], 1)
