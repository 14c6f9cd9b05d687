"""Cores and memory of this machine, shared out to steps by what their policies ask for."""

from dataclasses import dataclass

from mlopsc.runtime.machine import capacity
from mlopsc.vocabulary.policy import Policy, memory_bytes


@dataclass(frozen=True)
class Share:
    """Thousandths of a core, and bytes: whole numbers, so that giving back restores exactly what was there."""

    millicores: int
    memory: int


class Resources:
    """What there is and what of it is free; a step that asks for more than there is gets all of it."""

    def __init__(self, cores: float, memory: int) -> None:
        """Begin with everything free; `memory` in bytes."""
        self._all = Share(max(1, round(cores * 1000)), memory)
        self._free = self._all

    @classmethod
    def of_this_machine(cls) -> "Resources":
        """Return the cores and the memory that this process may use: a container's limits hold."""
        here = capacity()
        return cls(here.cores, here.memory)

    def share(self, policy: Policy) -> Share:
        """Return what a step takes, at most all of this machine's; one core and no memory by default."""
        millicores = round((policy.cpu or 1.0) * 1000)
        return Share(
            max(1, min(millicores, self._all.millicores)),
            min(memory_bytes(policy.memory or "0"), self._all.memory),
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
