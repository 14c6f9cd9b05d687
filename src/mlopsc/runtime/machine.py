"""Cores and memory that this process may use: the machine's, or less where a container's limits are below them."""

import os
from dataclasses import dataclass
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Capacity:
    """Cores, of which a container may have a part, and bytes."""

    cores: float
    memory: int


def capacity(group: Path = _GROUP) -> Capacity:
    """Return what this process may use; `group` is the folder of its control group."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    quota = _limits(group / "cpu.max")
    if len(quota) == 2:
        cores = min(cores, quota[0] / quota[1])
    return Capacity(cores, min([memory, *_limits(group / "memory.max")]))


def _limits(path: Path) -> list[int]:
    """Return the numbers of a control group's file; none where there is no limit."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(word) for word in words] if all(word.isdigit() for word in words) else []
