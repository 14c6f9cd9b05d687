"""The ledger tells who did what on which evidence, and the database lets nobody rewrite it."""

from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from mlopsc.runtime.registry import Registry
from mlopsc.runtime.registry.location import locate

DIGEST = "sha256:" + 64 * "a"

REWRITES = [
    "update registry_ledger set actor = 'eve'",
    "delete from registry_ledger where sequence = 1",
    "update registry_versions set digest = 'sha256:00'",
    "delete from registry_versions where number = 3",
    "update registry_models set name = 'mine'",
]
SQLITE_REWRITES = [
    "insert or replace into registry_ledger select 1, at, 'eve', action, model, version, stage, "
    "from_version, digest, evidence from registry_ledger where sequence = 2",
    "insert into registry_ledger select 9, at, actor, action, model, version, stage, from_version, digest, "
    "evidence from registry_ledger where sequence = 2",
    "update or replace registry_ledger set sequence = 1 where sequence = 2",
    "insert or replace into registry_versions select model, 1, 'sha256:00', lineage_digest, artifacts, "
    "metrics, gates, stages, lineage, decisions, created_at, actor, run from registry_versions "
    "where number = 2",
]


def test_every_action_is_told(three: Registry) -> None:
    three.promote("late_arrival", 1, "staging", expected_champion=None, actor="ana", evidence={"auc": 0.7})
    three.promote("late_arrival", 2, "staging", expected_champion=1, actor="ana", evidence={"auc": 0.8})
    three.rollback("late_arrival", "staging", actor="ben", evidence={"why": "complaints"})
    three.refuse("late_arrival", DIGEST, actor="ci", evidence={"auc": 0.1}, stage="staging")
    entries = three.history("late_arrival")
    told = [
        (e.sequence, e.actor, e.action, e.version, e.stage, e.from_version, e.evidence) for e in entries[3:]
    ]
    assert told == [
        (4, "ana", "promote", 1, "staging", None, {"auc": 0.7}),
        (5, "ana", "promote", 2, "staging", 1, {"auc": 0.8}),
        (6, "ben", "rollback", 1, "staging", 2, {"why": "complaints"}),
        (7, "ci", "refuse", None, "staging", None, {"auc": 0.1}),
    ]
    assert [entry.digest for entry in entries[3:]] == [
        three.version("late_arrival", 1).digest,
        three.version("late_arrival", 2).digest,
        three.version("late_arrival", 1).digest,
        DIGEST,
    ]
    assert all(entry.at.tzinfo for entry in entries)
    assert three.history("another") == ()
    assert three.history() == entries


def test_a_refusal_is_told_once_for_its_evidence(registry: Registry) -> None:
    first = registry.refuse("late_arrival", DIGEST, actor="ci", evidence={"auc": 0.1, "min": 0.6})
    assert registry.refuse("late_arrival", DIGEST, actor="ana", evidence={"min": 0.6, "auc": 0.1}) == first
    registry.refuse("late_arrival", DIGEST, actor="ci", evidence={"auc": 0.2})
    registry.refuse("late_arrival", DIGEST, actor="ci", evidence={"auc": 0.2}, stage="staging")
    registry.refuse("late_arrival", "sha256:" + 64 * "b", actor="ci", evidence={"auc": 0.2})
    assert [entry.sequence for entry in registry.history("late_arrival")] == [1, 2, 3, 4]
    assert registry.models() == ()


@pytest.mark.parametrize("statement", REWRITES)
def test_the_database_refuses_a_rewrite(three: Registry, location: str, statement: str) -> None:
    refused(three, location, statement)


@pytest.mark.parametrize("statement", SQLITE_REWRITES)
@pytest.mark.parametrize("location", ["sqlite"], indirect=True)
def test_sqlite_refuses_a_replacement(three: Registry, location: str, statement: str) -> None:
    refused(three, location, statement)


@pytest.mark.postgres
@pytest.mark.parametrize("location", ["postgres"], indirect=True)
def test_postgres_refuses_to_truncate(three: Registry, location: str) -> None:
    refused(three, location, "truncate registry_ledger cascade")


def refused(registry: Registry, location: str, statement: str) -> None:
    before = registry.history(), registry.versions("late_arrival")
    engine = sqlalchemy.create_engine(locate(location))
    try:
        with pytest.raises(DBAPIError, match="is append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
    assert (registry.history(), registry.versions("late_arrival")) == before


@pytest.mark.parametrize("location", ["sqlite"], indirect=True)
def test_a_stage_has_no_second_champion_even_by_hand(three: Registry, location: str) -> None:
    three.promote("late_arrival", 1, "staging", expected_champion=None, actor="ana", evidence={})
    engine = sqlalchemy.create_engine(f"sqlite:///{Path(location)}")
    second = "insert into registry_holders select 1, null, null, model, stage, 2, since from registry_holders"
    try:
        with pytest.raises(DBAPIError, match="UNIQUE constraint failed"), engine.begin() as connection:
            connection.exec_driver_sql(second)
    finally:
        engine.dispose()
