"""What ran, when and how it ended: an SQLite file that survives kills and power cuts.

WAL with `synchronous=FULL`; every change is one short immediate transaction, so that any number of processes
may write at once. Each run has a lease, which its process renews (`beat`). A run whose process is gone, or whose lease
ran out, is `crashed` to every reader; whatever its process writes after somebody took that down is refused.
"""

import hashlib
import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from mlopsc.diagnostics.errors import LeaseLost, MlopscError, UsageError
from mlopsc.runtime import claims
from mlopsc.runtime.atomic import cannot_write, make_folder
from mlopsc.runtime.claims import Claim, Held
from mlopsc.runtime.journal_rows import (
    CRASHED_EXIT,
    INTERRUPTED,
    RUNS,
    STEPS,
    UNRECORDED,
    Run,
    RunStatus,
    StepRun,
    StepStatus,
    read_run,
    read_step,
)
from mlopsc.runtime.journal_schema import VERSION, Execute, bring_up_to_date
from mlopsc.runtime.leases import lease_seconds, sign_of_life
from mlopsc.runtime.processes import this_process
from mlopsc.runtime.readonly import connect, read_only
from mlopsc.runtime.wal import enter_wal

__all__ = ["Claim", "Held", "Journal", "Run", "RunStatus", "StepRun", "StepStatus"]

_WAIT_SECONDS = 30
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Journal:
    """The journal of a project at `<project>/.mlopsc/journal.db`; a context manager, safe between threads."""

    def __init__(self, file: Path) -> None:
        """Open or make the journal; raises MlopscError when it cannot be or is of a later version.

        One that cannot be written to can be read.
        """
        self.file = file
        self._lock = threading.Lock()
        try:
            make_folder(file.parent)
        except OSError as error:
            raise cannot_write(file.parent, error) from error
        try:
            self.read_only = read_only(file)
            self._connection = connect(file, timeout=_WAIT_SECONDS)
        except sqlite3.Error as error:
            raise self._fault(error) from error
        try:
            self._prepare()
            self._identity = self._found()
        except (sqlite3.Error, MlopscError) as error:
            self._connection.close()
            raise (self._fault(error) if isinstance(error, sqlite3.Error) else error) from error

    @classmethod
    def of_project(cls, project: Path) -> "Journal":
        """Open the journal of the project in this folder."""
        return cls(project / ".mlopsc" / "journal.db")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start_run(
        self,
        pipeline: str,
        *,
        spec: str,
        environment: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        plan: str | None = None,
        steps: Sequence[tuple[str, str]] = (),
    ) -> str:
        """Record that this process starts a run of `plan` (JSON text) and return the run's id.

        `steps` are (name, operation) in the order in which they are to be listed; they start as `pending`. The run
        must `beat` within each lease (see `leases.lease_seconds`).
        """
        process, sign, lease = this_process(), sign_of_life(), lease_seconds()
        now = sign.at
        digest = None if plan is None else f"sha256:{hashlib.sha256(plan.encode()).hexdigest()}"
        with self.writing() as execute:
            if plan is not None:
                execute("insert or ignore into plans values (?, ?)", (digest, plan))
            run = _new_id(now)
            while execute("select 1 from runs where id = ?", (run,)).fetchone():
                run = _new_id(now)
            execute(
                "insert into runs (id, pipeline, spec, environment, parameters, plan, status, started, host, boot,"
                " namespace, pid, born, lease, tick, renewed)"
                " values (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(run, pipeline, spec, environment, _json(parameters or {}), digest, now.isoformat()),
                    *(socket.gethostname(), process.boot, process.namespace, process.pid, process.born),
                    *(lease, sign.tick, sign.at.isoformat()),
                ),
            )
            for position, (name, operation) in enumerate(steps):
                execute(
                    "insert into steps (run, position, name, operation, status)"
                    " values (?, ?, ?, ?, 'pending')",
                    (run, position, name, operation),
                )
        return run

    def step_started(
        self, run: str, name: str, operation: str, *, key: str | None = None, log: str | None = None
    ) -> None:
        """Record that a step runs now; one that is started again (a retry) begins anew. Raises LeaseLost."""
        with self.guarding(run) as execute:
            execute(
                f"{_UPSERT} status = 'running', started = excluded.started, seconds = null, error = null,"
                " outputs = '{}', log = excluded.log, key = excluded.key",
                (run, run, name, operation, "running", _now(), None, "{}", None, log, key),
            )

    def step_finished(
        self,
        run: str,
        name: str,
        operation: str,
        status: StepStatus,
        *,
        seconds: float | None = None,
        outputs: Mapping[str, str] | None = None,
        error: str | None = None,
        log: str | None = None,
        key: str | None = None,
    ) -> None:
        """Record how a step ended; it need not have been started (cached, skipped, blocked). Raises LeaseLost."""
        with self.guarding(run) as execute:
            execute(
                f"{_UPSERT} status = excluded.status, seconds = excluded.seconds, error = excluded.error,"
                " outputs = excluded.outputs, log = coalesce(excluded.log, log),"
                " key = coalesce(excluded.key, key)",
                (run, run, name, operation, status, None, seconds, _json(outputs or {}), error, log, key),
            )

    def finish_run(self, run: str, status: RunStatus, *, exit_code: int) -> None:
        """Record how a run ended; a step whose end could not be written has failed. Raises LeaseLost."""
        with self.guarding(run) as execute:
            execute(
                "update steps set status = 'failed', error = ? where run = ? and status = 'running'",
                (UNRECORDED, run),
            )
            execute(
                "update runs set status = ?, ended = ?, exit_code = ? where id = ?",
                (status, _now(), exit_code, run),
            )
            execute("delete from claims where run = ?", (run,))

    def beat(self, run: str, tokens: Sequence[int] = ()) -> None:
        """Give a sign of life of a run, and of the steps that hold these claims. Raises LeaseLost."""
        sign = sign_of_life()
        with self.guarding(run) as execute:
            execute(
                "update runs set tick = ?, renewed = ? where id = ?", (sign.tick, sign.at.isoformat(), run)
            )
            claims.renew(execute, list(tokens))

    def claim(self, run: str, step: str, key: str) -> Claim | Held:
        """Claim the work of an action for a step, or return who has it. Raises LeaseLost.

        A claim whose run is dead, or of which nothing was heard for a lease, is taken over.
        """
        with self._lock, self._faults():
            held = claims.holder(self._connection.execute, key)
        if held is not None:
            return held
        with self.guarding(run) as execute:
            return claims.take(execute, run, step, key, _bury)

    def release(self, claim: Claim) -> None:
        """Give a claim back; nothing happens when it was taken over."""
        with self.writing() as execute:
            execute("delete from claims where token = ?", (claim.token,))

    def require(self, run: str, token: int | None = None) -> None:
        """Raise LeaseLost unless the run goes on and its claim of this number was not taken over."""
        with self._lock, self._faults():
            self._require(self._connection.execute, run, token)

    @contextmanager
    def guarding(self, run: str, token: int | None = None) -> Iterator[Execute]:
        """Be a transaction in which the run goes on and holds its claim: nobody takes it over meanwhile.

        Raises LeaseLost.
        """
        with self.writing() as execute:
            self._require(execute, run, token)
            yield execute

    def run(self, run: str) -> Run:
        """Return a run; raises UsageError when there is none of this id."""
        rows = self._read(f"{RUNS} where id = ?", (run,))
        if not rows:
            raise UsageError(f"there is no run {run!r}", help="`mlopsc runs` lists them")
        return read_run(rows[0])

    def runs(self, limit: int = 50) -> tuple[Run, ...]:
        """Return the latest runs, newest first."""
        return tuple(map(read_run, self._read(f"{RUNS} order by started desc, id desc limit ?", (limit,))))

    def steps(self, run: str) -> tuple[StepRun, ...]:
        """Return the steps of a run in their declared order."""
        of = self._read(f"{RUNS} where id = ?", (run,))
        found = read_run(of[0]) if of else None
        rows = self._read(f"{STEPS} where run = ? order by position", (run,))
        return tuple(read_step(row, found) for row in rows)

    def plan(self, run: str) -> str | None:
        """Return the JSON text of the plan that a run carried out, None when it recorded none."""
        rows = self._read("select json from plans where digest = ?", (self.run(run).plan,))
        return rows[0][0] if rows else None

    def orphans(self) -> tuple[Run, ...]:
        """Return the runs that did not end and are dead: their process is gone, or their lease ran out."""
        return tuple(run for run in self._unfinished() if run.status == "crashed")

    def running(self) -> tuple[Run, ...]:
        """Return the runs that go on now, oldest first."""
        return tuple(run for run in self._unfinished() if run.status == "running")

    def mark_crashed(self, run: str) -> bool:
        """Write down that a dead run has crashed, and what it was at failed; False when it has ended or lives."""
        with self.writing() as execute:
            row = execute(f"{RUNS} where id = ? and status = 'running'", (run,)).fetchone()
            found = None if row is None else read_run(row)
            if found is None or found.status != "crashed":
                return False
            _bury(execute, found)
        return True

    def _unfinished(self) -> Iterator[Run]:
        return map(read_run, self._read(f"{RUNS} where status = 'running' order by started, id", ()))

    def _prepare(self) -> None:
        execute = self._connection.execute
        if self.read_only and self._version() == VERSION:
            return
        enter_wal(self._connection, _WAIT_SECONDS)
        execute("pragma synchronous = full")
        if self._version() == VERSION:
            return
        with self._writing() as execute:
            version = self._version()
            if version > VERSION:
                raise MlopscError(
                    f"{self.file} was written by a later mlopsc: format {version}, expected {VERSION}",
                    help="upgrade mlopsc",
                )
            if version < VERSION:
                bring_up_to_date(execute, version)

    def _version(self) -> int:
        return int(self._connection.execute("pragma user_version").fetchone()[0])

    def _require(self, execute: Execute, run: str, token: int | None) -> None:
        row = execute("select status, reason from runs where id = ?", (run,)).fetchone()
        status, reason = row or ("unknown", None)
        if status == "crashed":
            raise LeaseLost(
                f"run {run} was given up as crashed: {reason}; since then nothing of it is recorded",
                help=f"what had finished before is kept; `mlopsc resume {run}` does the rest",
            )
        if status != "running":
            raise LeaseLost(f"run {run} is {status} in {self.file}: nothing more of it can be recorded")
        if token is not None:
            claims.require(execute, token)

    @contextmanager
    def writing(self) -> Iterator[Execute]:
        """Be one durable transaction that shuts out every other writer. Raises MlopscError."""
        if self._found() != self._identity:
            raise MlopscError(
                f"the journal {self.file} was moved or deleted while it was in use",
                help="run again: what had finished is kept",
            )
        with self._writing() as execute:
            yield execute

    @contextmanager
    def _writing(self) -> Iterator[Execute]:
        with self._lock, self._faults():
            self._connection.execute("begin immediate")
            try:
                yield self._connection.execute
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    def _read(self, query: str, values: Sequence[Any]) -> list[Any]:
        with self._lock, self._faults():
            return self._connection.execute(query, values).fetchall()

    def _found(self) -> tuple[int, int] | None:
        """Return what names the file at the journal's path; None when there is none."""
        try:
            found = self.file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: sqlite3.Error) -> MlopscError:
        help = "check the disk; a damaged journal can be moved away: only the list of runs is lost with it"
        if "readonly database" in str(error):
            help = "its file and folder must be writable for that"
        elif "unable to open" in str(error) or "is full" in str(error):
            help = f"check free space and permissions in {self.file.parent}, then run again"
        elif "locked" in str(error):
            help = (
                f"another process has held it for {_WAIT_SECONDS} s: "
                "look for one that hangs or is stopped, then run again"
            )
        return MlopscError(f"cannot use the journal {self.file}: {error}", help=help)


_UPSERT = (
    "insert into steps (run, position, name, operation, status, started, seconds, outputs, error, log, key)"
    " values (?, (select count(*) from steps where run = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " on conflict (run, name) do update set"
)


def _bury(execute: Execute, run: Run) -> None:
    """Write a dead run off."""
    execute(
        "update runs set status = 'crashed', ended = ?, exit_code = ?, reason = ? where id = ?",
        (_now(), CRASHED_EXIT, run.reason, run.id),
    )
    execute(
        "update steps set status = 'failed', error = ? where run = ? and status = 'running'",
        (INTERRUPTED, run.id),
    )
    execute("delete from claims where run = ?", (run.id,))


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), sort_keys=True, ensure_ascii=False, default=str)


def _new_id(now: datetime) -> str:
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(4))
    return f"{now:%Y%m%d-%H%M%S}-{letters}"
