"""Leases: for how long a holder counts as alive after its last sign of life, whatever machine it is on.

Processes on one boot of a machine, also those in containers, share a clock that nobody sets and that stands still
while the machine sleeps: a clock set anew or a suspended laptop ends no lease. Between machines only the wall clocks
can be compared; they may differ by a third of the lease. A holder that was stopped for longer finds out by itself
whether somebody has taken over meanwhile.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from mlopsc.diagnostics.errors import UsageError
from mlopsc.runtime.processes import boot_of_this_machine
from mlopsc.vocabulary.time import parse_duration

VARIABLE = "MLOPSC_LEASE"
BEATS = 3
"""Signs of life in one lease."""
_DEFAULT = 30.0  # s
_SKEW = 1 / 3  # of the lease, between the clocks of two machines


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """When a holder was last heard of: in seconds since the boot, where there is such a clock, and by the wall."""

    boot: str
    tick: float | None
    at: datetime


def sign_of_life() -> SignOfLife:
    """Return one of this moment and this machine."""
    boot = boot_of_this_machine()
    return SignOfLife(boot, time.monotonic() if boot else None, datetime.now(UTC))


def lease_seconds() -> float:
    """Return the length of a lease: `MLOPSC_LEASE`, a duration such as `30s` (the default)."""
    text = os.environ.get(VARIABLE)
    if not text:
        return _DEFAULT
    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(f"{VARIABLE}: {error}") from error
    if not seconds:
        raise UsageError(f"{VARIABLE}: a lease takes a second at least, found {text!r}")
    return seconds


def silence(sign: SignOfLife, lease: float) -> str | None:
    """Say for how long a holder has been silent, when that is longer than its lease of so many seconds."""
    if sign.tick is not None and sign.boot == boot_of_this_machine():
        passed, allowed = time.monotonic() - sign.tick, lease
    else:
        passed, allowed = (datetime.now(UTC) - sign.at).total_seconds(), lease * (1 + _SKEW)
    if passed > allowed:
        return f"no sign of life for {passed:.0f} s (a lease lasts {lease:.0f} s)"
    if passed < -allowed:
        return f"its last sign of life is dated {-passed:.0f} s ahead of the clock here"
    return None
