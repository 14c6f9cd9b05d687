"""Entering a version: what it is made of must be there, whole, and the same candidate enters once."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from mlopsc.diagnostics.errors import RegistryError, StoreError
from mlopsc.runtime.registry import ledger
from mlopsc.runtime.registry.schema import canonical, models, versions
from mlopsc.runtime.registry.values import ArtifactStore, Candidate, Version

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def lineage_digest(lineage: Mapping[str, Any]) -> str:
    """Return the `sha256:<hex>` of a lineage's canonical JSON."""
    return "sha256:" + hashlib.sha256(canonical(dict(lineage)).encode()).hexdigest()


def check(model: str, candidate: Candidate, store: ArtifactStore | None) -> None:
    """Refuse a candidate that is incomplete, or whose artifacts the store does not hold, whole and unchanged.

    Raises RegistryError. Every artifact is read and hashed, so this stands before the transaction.
    """
    if not model or "\0" in model:
        raise RegistryError(f"a model needs a name: found {model!r}")
    if store is None:
        raise RegistryError(
            f"model {model!r} cannot be registered: the registry was opened without a store",
            help="pass the store that holds the artifacts: Registry.open(location, store=store)",
        )
    if "model" not in candidate.artifacts:
        raise RegistryError(f"model {model!r} cannot be registered: its artifacts name no 'model'")
    if not candidate.stages:
        raise RegistryError(f"model {model!r} cannot be registered: it has no stages")
    for stage, gates in candidate.stages.items():
        for gate in gates:
            if gate not in candidate.gates:
                raise RegistryError(
                    f"stage {stage!r} of model {model!r} requires gate {gate!r}, which is not given"
                )
    for role, digest in candidate.artifacts.items():
        _check_artifact(model, role, digest, store)


def _check_artifact(model: str, role: str, digest: str, store: ArtifactStore) -> None:
    fault = None
    if not _DIGEST.fullmatch(digest):
        fault = "is not a digest: expected sha256:<64 hex digits>"
    else:
        try:
            if not store.exists(digest):
                fault = "is not in the store"
            elif not store.verify(digest):
                fault = "is damaged in the store: its content does not have the digest"
        except StoreError as error:
            fault = f"cannot be read from the store: {error}"
    if fault:
        raise RegistryError(
            f"model {model!r} cannot be registered: artifact {role!r} ({digest}) {fault}",
            help="run the pipeline again with --no-cache: the step that makes it writes it anew",
        )


def register(
    connection: Connection, model: str, candidate: Candidate, *, actor: str, at: datetime
) -> tuple[Version, bool]:
    """Return the version of this model digest and lineage, and whether it was made now.

    Numbers count from 1 without gaps: the caller's transaction shuts out every other writer.
    """
    lineage = lineage_digest(candidate.lineage)
    mine = versions.c.model == model
    same = select(versions).where(
        mine, versions.c.digest == candidate.digest, versions.c.lineage_digest == lineage
    )
    found = connection.execute(same).first()
    if found is not None:
        return read(found), False
    if connection.execute(select(models.c.name).where(models.c.name == model)).first() is None:
        connection.execute(models.insert().values(name=model, created_at=at))
    last: int = connection.execute(
        select(func.coalesce(func.max(versions.c.number), 0)).where(mine)
    ).scalar_one()
    connection.execute(
        versions.insert().values(
            model=model,
            number=last + 1,
            digest=candidate.digest,
            lineage_digest=lineage,
            artifacts=dict(candidate.artifacts),
            metrics=dict(candidate.metrics),
            gates=dict(candidate.gates),
            stages=[[stage, list(gates)] for stage, gates in candidate.stages.items()],
            lineage=dict(candidate.lineage),
            decisions=dict(candidate.decisions),
            created_at=at,
            actor=actor,
            run=candidate.run,
        )
    )
    ledger.append(
        connection,
        at=at,
        actor=actor,
        action="register",
        model=model,
        version=last + 1,
        digest=candidate.digest,
        evidence=candidate.decisions,
    )
    return read(connection.execute(same).one()), True


def read(row: Row[Any]) -> Version:
    """Read a row of the versions."""
    values = {column.name: row._mapping[column] for column in versions.columns}
    return Version(**values | {"stages": {stage: tuple(gates) for stage, gates in values["stages"]}})
