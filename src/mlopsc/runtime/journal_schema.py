"""The journal's tables, and how one that an earlier mlopsc wrote becomes one of today."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Execute = Callable[..., Any]
"""`Connection.execute` within a transaction."""

VERSION = 2

_RUNS = """
create table runs (
    id text primary key, pipeline text not null, spec text not null, environment text,
    parameters text not null, plan text references plans (digest), status text not null,
    started text not null, ended text, exit_code integer, host text not null,
    boot text not null, namespace text not null, pid integer not null, born text not null,
    lease real not null default 0, tick real, renewed text not null default '', reason text
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
_CLAIMS = """
create table claims (
    token integer primary key autoincrement, key text not null unique, run text not null references runs (id),
    step text not null, tick real, renewed text not null
) strict;
"""
_LEASES = """
alter table runs add column lease real not null default 0;
alter table runs add column tick real;
alter table runs add column renewed text not null default '';
alter table runs add column reason text;
"""
_UNKNOWN = 86_400.0
"""Seconds that a run without a lease, of a machine that cannot be asked, counts as alive after the migration."""


def bring_up_to_date(execute: Execute, version: int) -> None:
    """Make the tables of today out of none (`version` 0) or of those of an earlier version, in a transaction."""
    if version == 0:
        _all(execute, _RUNS)
    if version == 1:
        _all(execute, _LEASES)
        now = datetime.now(UTC).isoformat()
        execute("update runs set lease = ?, renewed = ? where status = 'running'", (_UNKNOWN, now))
    if version <= 1:
        _all(execute, _CLAIMS)
    execute(f"pragma user_version = {VERSION}")


def _all(execute: Execute, statements: str) -> None:
    for statement in statements.split(";")[:-1]:
        execute(statement)
