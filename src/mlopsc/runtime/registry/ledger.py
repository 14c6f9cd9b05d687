"""The append-only record of who did what to which version, on which evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from mlopsc.runtime.registry.schema import ledger
from mlopsc.runtime.registry.values import Action, LedgerEntry


def append(
    connection: Connection,
    *,
    at: datetime,
    actor: str,
    action: Action,
    model: str,
    digest: str,
    version: int | None = None,
    stage: str | None = None,
    from_version: int | None = None,
    evidence: Mapping[str, Any],
) -> int:
    """Add an entry in the caller's transaction and return its sequence, one above the last."""
    sequence: int = connection.execute(select(func.coalesce(func.max(ledger.c.sequence), 0) + 1)).scalar_one()
    connection.execute(
        ledger.insert().values(
            sequence=sequence,
            at=at,
            actor=actor,
            action=action,
            model=model,
            version=version,
            stage=stage,
            from_version=from_version,
            digest=digest,
            evidence=dict(evidence),
        )
    )
    return sequence


def refuse(
    connection: Connection,
    *,
    at: datetime,
    actor: str,
    model: str,
    digest: str,
    stage: str | None,
    evidence: Mapping[str, Any],
) -> LedgerEntry:
    """Record that a candidate was refused; the same refusal on the same evidence is one entry, also later."""
    same = entries(model).where(
        ledger.c.action == "refuse",
        ledger.c.digest == digest,
        ledger.c.stage.is_(None) if stage is None else ledger.c.stage == stage,
        ledger.c.evidence == dict(evidence),
    )
    row = connection.execute(same).first()
    if row is None:
        sequence = append(
            connection,
            at=at,
            actor=actor,
            action="refuse",
            model=model,
            digest=digest,
            stage=stage,
            evidence=evidence,
        )
        row = connection.execute(select(ledger).where(ledger.c.sequence == sequence)).one()
    return entry(row)


def entries(model: str | None) -> Select[Any]:
    """Select the entries of a model, or all, in the order they were made, which no clock decides."""
    chosen = select(ledger).order_by(ledger.c.sequence)
    return chosen if model is None else chosen.where(ledger.c.model == model)


def entry(row: Row[Any]) -> LedgerEntry:
    """Read a row of the ledger."""
    return LedgerEntry(**row._mapping)
