"""Claims: which run does the work of an action key now, so that no two do it at once.

A claim is a row of the journal with a token, a number that grows with every claim. It ends when it is given back,
with its run, or when nothing was heard of its step for a lease; then whoever wants the same work takes it over, with
a new token, and what the former holder brings too late is refused. Each function is part of a transaction of the
caller's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mlopsc.diagnostics.errors import LeaseLost
from mlopsc.runtime.journal_rows import RUN_COLUMNS, Run, read_run
from mlopsc.runtime.journal_schema import Execute
from mlopsc.runtime.leases import SignOfLife, sign_of_life, silence

_HELD = (
    f"select token, key, run, step, claims.tick, claims.renewed, {RUN_COLUMNS}"  # noqa: S608
    " from claims join runs on runs.id = run where key = ?"
)
Bury = Callable[[Execute, Run], None]
"""Writes down that a run has crashed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of a run to do the work of an action."""

    token: int
    key: str
    run: str
    step: str


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else's claim, with the run that has it, and when its step was heard of."""

    claim: Claim
    run: Run
    seen: SignOfLife

    def __str__(self) -> str:
        process = self.run.process
        return f"run {self.run.id} (process {process.pid} on {self.run.host})"


def holder(execute: Execute, key: str) -> Held | None:
    """Return the live claim on a key, None when there is none or its holder is dead or silent."""
    found = _claimed(execute, key)
    return found if found is not None and _is_alive(found) else None


def take(execute: Execute, run: str, step: str, key: str, bury: Bury) -> Claim | Held:
    """Claim a key; what a dead or silent holder had is taken over, and its run written off if that is dead."""
    found = _claimed(execute, key)
    if found is not None:
        if _is_alive(found):
            return found
        if found.run.status == "crashed":
            bury(execute, found.run)
        execute("delete from claims where key = ?", (key,))
    sign = sign_of_life()
    token = execute(
        "insert into claims (key, run, step, tick, renewed) values (?, ?, ?, ?, ?) returning token",
        (key, run, step, sign.tick, sign.at.isoformat()),
    ).fetchone()[0]
    return Claim(token, key, run, step)


def renew(execute: Execute, tokens: list[int]) -> None:
    """Record that the holders of these claims live; those that were taken over stay taken."""
    sign = sign_of_life()
    for token in tokens:
        execute(
            "update claims set tick = ?, renewed = ? where token = ?", (sign.tick, sign.at.isoformat(), token)
        )


def require(execute: Execute, token: int) -> None:
    """Raise LeaseLost unless the claim is there still."""
    if execute("select 1 from claims where token = ?", (token,)).fetchone() is None:
        raise LeaseLost(
            "nothing was heard of this step for longer than its lease, and another run took its work over: "
            "what it made is not kept",
            help="it was stopped, or its machine was: run again, what the other run made is used",
        )


def _claimed(execute: Execute, key: str) -> Held | None:
    row = execute(_HELD, (key,)).fetchone()
    if row is None:
        return None
    token, key, run, step, tick, renewed, *rest = row
    found = read_run(rest)
    seen = SignOfLife(found.process.boot, tick, datetime.fromisoformat(renewed))
    return Held(Claim(token, key, run, step), found, seen)


def _is_alive(held: Held) -> bool:
    return held.run.status == "running" and silence(held.seen, held.run.lease) is None
