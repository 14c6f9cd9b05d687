"""Cores and memory of this machine, shared out to steps by what their policies ask for."""

import os
from dataclasses import dataclass

from mlopsc.vocabulary.policy import Policy

_UNITS = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip


@dataclass
class Resources:
    """What is free; a step that asks for more than there is gets all of it, and so runs alone."""

    cores: float
    memory: int

    @classmethod
    def of_this_machine(cls) -> "Resources":
        """Return the cores that this process may use, and the machine's memory in bytes."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(float(cores), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))

    def share(self, policy: Policy) -> tuple[float, int]:
        """Return the cores and bytes that a step takes, at most all of this machine's; one core by default."""
        return min(policy.cpu or 1.0, self.cores), min(memory_bytes(policy.memory), self.memory)

    def take(self, share: tuple[float, int]) -> bool:
        """Take a share when it is free; say whether it was."""
        if share[0] > self.cores or share[1] > self.memory:
            return False
        self.cores -= share[0]
        self.memory -= share[1]
        return True

    def give_back(self, share: tuple[float, int]) -> None:
        """Return a share that was taken."""
        self.cores += share[0]
        self.memory += share[1]


def memory_bytes(quantity: str | None) -> int:
    """Return the bytes that a Kubernetes quantity says; 0 for None."""
    if quantity is None:
        return 0
    digits = quantity.rstrip("KMGTki")
    return int(digits) * _UNITS.get(quantity[len(digits) :], 1)
