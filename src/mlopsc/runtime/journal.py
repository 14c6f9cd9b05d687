"""What ran, when and how it ended: an SQLite file that survives kills and power cuts.

WAL with `synchronous=FULL`; every change is one short immediate transaction, so that any number of processes
may write at once. A run whose process is gone is an orphan: it can be told from a live one and be marked
`crashed`.
"""

import hashlib
import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.runtime.atomic import cannot_write, make_folder
from mlopsc.runtime.processes import Process, is_gone, this_process

RunStatus = Literal["running", "succeeded", "failed", "refused", "cancelled", "crashed"]
StepStatus = Literal[
    "pending", "running", "run", "cached", "failed", "skipped", "blocked", "refused", "cancelled"
]

_VERSION = 1
_SCHEMA = """
create table runs (
    id text primary key, pipeline text not null, spec text not null, environment text,
    parameters text not null, plan text references plans (digest), status text not null,
    started text not null, ended text, exit_code integer, host text not null,
    boot text not null, namespace text not null, pid integer not null, born text not null
) strict;
create table plans (digest text primary key, json text not null) strict;
create table steps (
    run text not null references runs (id), position integer not null, name text not null,
    operation text not null, status text not null, started text, seconds real,
    outputs text not null default '{}', error text, log text, key text,
    primary key (run, name)
) strict, without rowid;
create index runs_status on runs (status);
"""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Run:
    """One row of `runs`; times in UTC, `plan` the digest of the plan's JSON (see `Journal.plan`)."""

    id: str
    pipeline: str
    spec: str
    environment: str | None
    parameters: Mapping[str, Any]
    plan: str | None
    status: RunStatus
    started: datetime
    ended: datetime | None
    exit_code: int | None
    host: str
    process: Process


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a run; `seconds` of wall time, `outputs` digests by port, `key` of its action."""

    name: str
    operation: str
    status: StepStatus
    started: datetime | None
    seconds: float | None
    outputs: Mapping[str, str]
    error: str | None
    log: str | None
    key: str | None


class Journal:
    """The journal of a project at `<project>/.mlopsc/journal.db`; a context manager, safe between threads."""

    def __init__(self, file: Path) -> None:
        """Open or make the journal; raises MlopscError when it cannot be or is of a later version."""
        self.file = file
        self._lock = threading.Lock()
        try:
            make_folder(file.parent)
        except OSError as error:
            raise cannot_write(file.parent, error) from error
        try:
            self._connection = sqlite3.connect(
                file, timeout=30, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._fault(error) from error
        try:
            self._prepare()
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

        `steps` are (name, operation) in the order in which they are to be listed; they start as `pending`.
        """
        process, now = this_process(), datetime.now(UTC)
        digest = None if plan is None else f"sha256:{hashlib.sha256(plan.encode()).hexdigest()}"
        with self._transaction() as execute:
            if plan is not None:
                execute("insert or ignore into plans values (?, ?)", (digest, plan))
            run = _new_id(now)
            while execute("select 1 from runs where id = ?", (run,)).fetchone():
                run = _new_id(now)
            execute(
                "insert into runs values (?, ?, ?, ?, ?, ?, 'running', ?, null, null, ?, ?, ?, ?, ?)",
                (
                    *(run, pipeline, spec, environment, _json(parameters or {}), digest, now.isoformat()),
                    *(socket.gethostname(), process.boot, process.namespace, process.pid, process.born),
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
        """Record that a step runs now; one that is started again (a retry) begins anew."""
        with self._transaction() as execute:
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
        """Record how a step ended; it need not have been started (cached, skipped, blocked)."""
        with self._transaction() as execute:
            execute(
                f"{_UPSERT} status = excluded.status, seconds = excluded.seconds, error = excluded.error,"
                " outputs = excluded.outputs, log = coalesce(excluded.log, log),"
                " key = coalesce(excluded.key, key)",
                (run, run, name, operation, status, None, seconds, _json(outputs or {}), error, log, key),
            )

    def finish_run(self, run: str, status: RunStatus, *, exit_code: int) -> None:
        """Record how a run ended."""
        with self._transaction() as execute:
            execute(
                "update runs set status = ?, ended = ?, exit_code = ? where id = ?",
                (status, _now(), exit_code, run),
            )

    def run(self, run: str) -> Run:
        """Return a run; raises UsageError when there is none of this id."""
        rows = self._read(f"{_RUNS} where id = ?", (run,))
        if not rows:
            raise UsageError(f"there is no run {run!r}", help="`mlopsc runs` lists them")
        return _run(rows[0])

    def runs(self, limit: int = 50) -> tuple[Run, ...]:
        """Return the latest runs, newest first."""
        return tuple(map(_run, self._read(f"{_RUNS} order by started desc, id desc limit ?", (limit,))))

    def steps(self, run: str) -> tuple[StepRun, ...]:
        """Return the steps of a run in their declared order."""
        rows = self._read(
            "select name, operation, status, started, seconds, outputs, error, log, key from steps"
            " where run = ? order by position",
            (run,),
        )
        return tuple(
            StepRun(name, operation, status, _time(started), seconds, json.loads(outputs), error, log, key)
            for name, operation, status, started, seconds, outputs, error, log, key in rows
        )

    def plan(self, run: str) -> str | None:
        """Return the JSON text of the plan that a run carried out, None when it recorded none."""
        rows = self._read("select json from plans where digest = ?", (self.run(run).plan,))
        return rows[0][0] if rows else None

    def orphans(self) -> tuple[Run, ...]:
        """Return the runs that are `running` although their process is gone.

        A run of another machine or container cannot be judged from here and is not among them.
        """
        running = map(_run, self._read(f"{_RUNS} where status = 'running' order by started, id", ()))
        here = socket.gethostname()
        return tuple(run for run in running if is_gone(run.process, same_host=run.host == here))

    def mark_crashed(self, run: str) -> bool:
        """Turn a running run and its running steps into crashed and failed; False when it has ended."""
        with self._transaction() as execute:
            changed = execute(
                "update runs set status = 'crashed', ended = ?, exit_code = 4"
                " where id = ? and status = 'running'",
                (_now(), run),
            ).rowcount
            if changed:
                execute(
                    "update steps set status = 'failed', error = 'the process that ran it is gone'"
                    " where run = ? and status = 'running'",
                    (run,),
                )
        return bool(changed)

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("pragma journal_mode = wal")
        execute("pragma synchronous = full")
        if self._version() == _VERSION:
            return
        with self._transaction() as execute:
            version = self._version()
            if version > _VERSION:
                raise MlopscError(
                    f"{self.file} was written by a later mlopsc: format {version}, expected {_VERSION}",
                    help="upgrade mlopsc",
                )
            if version == 0:
                for statement in _SCHEMA.split(";")[:-1]:
                    execute(statement)
                execute(f"pragma user_version = {_VERSION}")

    def _version(self) -> int:
        return int(self._connection.execute("pragma user_version").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                try:
                    yield self._connection.execute
                    self._connection.execute("commit")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("rollback")
                    raise
            except sqlite3.Error as error:
                raise self._fault(error) from error

    def _read(self, query: str, values: Sequence[Any]) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._fault(error) from error

    def _fault(self, error: sqlite3.Error) -> MlopscError:
        help = "check the disk; a damaged journal can be moved away: only the list of runs is lost with it"
        if "readonly database" in str(error):
            help = "its file and folder must be writable, also to read it: SQLite keeps its locks there"
        return MlopscError(f"cannot use the journal {self.file}: {error}", help=help)


_RUNS = (
    "select id, pipeline, spec, environment, parameters, plan, status, started, ended, exit_code, host,"
    " boot, namespace, pid, born from runs"
)
_UPSERT = (
    "insert into steps (run, position, name, operation, status, started, seconds, outputs, error, log, key)"
    " values (?, (select count(*) from steps where run = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " on conflict (run, name) do update set"
)


def _run(row: Sequence[Any]) -> Run:
    run, pipeline, spec, environment, parameters, plan, status, started, ended, code, host, *process = row
    return Run(
        id=run,
        pipeline=pipeline,
        spec=spec,
        environment=environment,
        parameters=json.loads(parameters),
        plan=plan,
        status=status,
        started=datetime.fromisoformat(started),
        ended=_time(ended),
        exit_code=code,
        host=host,
        process=Process(*process),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), sort_keys=True, ensure_ascii=False, default=str)


def _new_id(now: datetime) -> str:
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(4))
    return f"{now:%Y%m%d-%H%M%S}-{letters}"
