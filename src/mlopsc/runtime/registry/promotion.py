"""Who holds a stage: promotions by compare-and-swap, rollbacks along the recorded history.

A holding remembers the one beneath it. A promotion lays a holding on top of the current one; a rollback ends
the current one and holds again what lies beneath it, with what lay beneath that. So after promotions of 1, 2
and 3, two rollbacks lead to 2 and to 1, and a third has nowhere to go.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.registry import ledger
from mlopsc.runtime.registry.reference import unknown
from mlopsc.runtime.registry.schema import holders, versions
from mlopsc.runtime.registry.values import Action, Promotion, Version


def promote(
    connection: Connection,
    version: Version,
    stage: str,
    *,
    expected: int | None,
    actor: str,
    at: datetime,
    evidence: Mapping[str, Any],
) -> Promotion:
    """Give the stage to a version, if `expected` (None: nobody) holds it still.

    When the version itself holds it already, nothing is done: an effect may be repeated after a crash. Raises
    RegistryError for a stage that the version does not have, and for another champion than the expected one.
    """
    if stage not in version.stages:
        raise unknown("stage", stage, version.stages, of=f"version {version.name}")
    current = _current(connection, version.model, stage)
    holder = current.version if current else None
    if holder == version.number:
        return Promotion(model=version.model, stage=stage, version=holder, previous=holder, changed=False)
    if holder != expected:
        raise RegistryError(
            f"version {version.name} was not promoted: {_held(version.model, stage, holder)}, "
            f"but the candidate was judged against {_champion(expected)}",
            help="judge it again, against the version that holds the stage now: run the same command again",
        )
    return _hold(
        connection,
        current,
        model=version.model,
        stage=stage,
        number=version.number,
        beneath=current.sequence if current else None,
        action="promote",
        actor=actor,
        at=at,
        evidence=evidence,
    )


def rollback(
    connection: Connection,
    model: str,
    stage: str,
    *,
    expected: int | None,
    actor: str,
    at: datetime,
    evidence: Mapping[str, Any],
) -> Promotion:
    """Give the stage back to the version that held it before the current one came.

    Raises RegistryError when nothing holds it, when there is no holder before, and when another version than
    `expected` (None: any) holds it.
    """
    current = _current(connection, model, stage)
    if current is None:
        raise RegistryError(f"nothing to roll back: {_held(model, stage, None)}")
    if expected not in (None, current.version):
        raise RegistryError(
            f"not rolled back: {_held(model, stage, current.version)}, expected {_champion(expected)}"
        )
    if current.beneath is None:
        raise RegistryError(
            f"nothing to roll back to: no version held {model}@{stage} before {model}/{current.version}",
            help=f"promote another version: mlopsc registry promote {model}/NUMBER --to {stage}",
        )
    lower = connection.execute(select(holders).where(holders.c.sequence == current.beneath)).one()
    return _hold(
        connection,
        current,
        model=model,
        stage=stage,
        number=lower.version,
        beneath=lower.beneath,
        action="rollback",
        actor=actor,
        at=at,
        evidence=evidence,
    )


def _hold(
    connection: Connection,
    current: Row[Any] | None,
    *,
    model: str,
    stage: str,
    number: int,
    beneath: int | None,
    action: Action,
    actor: str,
    at: datetime,
    evidence: Mapping[str, Any],
) -> Promotion:
    mine = (versions.c.model == model, versions.c.number == number)
    digest: str = connection.execute(select(versions.c.digest).where(*mine)).scalar_one()
    previous = current.version if current else None
    sequence = ledger.append(
        connection,
        at=at,
        actor=actor,
        action=action,
        model=model,
        version=number,
        stage=stage,
        from_version=previous,
        digest=digest,
        evidence=evidence,
    )
    if current:
        ended = holders.update().where(holders.c.sequence == current.sequence).values(ended=sequence)
        connection.execute(ended)
    connection.execute(
        holders.insert().values(
            sequence=sequence, beneath=beneath, model=model, stage=stage, version=number, since=at
        )
    )
    return Promotion(model=model, stage=stage, version=number, previous=previous, changed=True)


def _current(connection: Connection, model: str, stage: str) -> Row[Any] | None:
    mine = (holders.c.model == model, holders.c.stage == stage, holders.c.ended.is_(None))
    return connection.execute(select(holders).where(*mine)).first()


def _held(model: str, stage: str, number: int | None) -> str:
    return f"{model}@{stage} is held by {_champion(number)}"


def _champion(number: int | None) -> str:
    return "no version" if number is None else f"version {number}"
