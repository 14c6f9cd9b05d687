"""The registry of models: versions, the stages they hold, and the ledger of how they came to hold them."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Select, select

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.registry import ledger, promotion, registration
from mlopsc.runtime.registry.database import Database
from mlopsc.runtime.registry.location import Mount, locate, read_mounts
from mlopsc.runtime.registry.reference import parse_reference, unknown
from mlopsc.runtime.registry.schema import holders, models, versions
from mlopsc.runtime.registry.values import (
    ArtifactStore,
    Candidate,
    Holder,
    LedgerEntry,
    Promotion,
    Registered,
    Version,
)


def _now() -> datetime:
    return datetime.now(UTC)


def _nothing() -> None:
    """Guard nothing."""


class Registry:
    """Versions, stages and ledger in one database, SQLite or PostgreSQL.

    Each method is one transaction and may be called from any thread. All raise RegistryError when the
    database cannot be reached, read or written. Reading a registry that does not exist yet finds nothing and
    creates nothing.
    """

    def __init__(
        self, database: Database, store: ArtifactStore | None, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    @classmethod
    def open(
        cls,
        location: str | os.PathLike[str],
        *,
        store: ArtifactStore | None = None,
        clock: Callable[[], datetime] = _now,
        mounts: Callable[[], tuple[Mount, ...]] = read_mounts,
    ) -> Self:
        """Open the registry in a SQLite file (path or `sqlite:///PATH`) or PostgreSQL.

        `store` holds the artifacts; only registering needs it. Raises RegistryError for a location that
        cannot be used, a SQLite file on a network file system, and a registry of another schema version.
        """
        return cls(Database(locate(location, mounts)), store, clock)

    def close(self) -> None:
        """Give back the connections; also at the end of `with Registry.open(…) as registry`."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def register(
        self,
        model: str,
        candidate: Candidate,
        *,
        actor: str,
        promote: bool = False,
        expected_champion: int | None = None,
        guard: Callable[[], None] = _nothing,
    ) -> Registered:
        """Enter a version and, with `promote`, give a new one its first stage, in one transaction.

        A model digest with a lineage that is registered already gives that same version, and no stage: what was
        rolled back or replaced since stays so. `expected_champion` is the version the candidate was judged against
        (None: there was none). `guard` is called first, with every other writer shut out, and raises when the caller
        may not register any more. Raises RegistryError, and changes nothing, when an artifact is missing or damaged
        or another version holds the stage by now.
        """
        registration.check(model, candidate, self._store)
        at = self._clock()
        with self._database.writing() as connection:
            guard()
            version, created = registration.register(connection, model, candidate, actor=actor, at=at)
            changed = (
                promote
                and created
                and promotion.promote(
                    connection,
                    version,
                    next(iter(version.stages)),
                    expected=expected_champion,
                    actor=actor,
                    at=at,
                    evidence=candidate.decisions,
                ).changed
            )
        return Registered(version=version, created=created, promoted=changed)

    def promote(
        self,
        model: str,
        number: int,
        stage: str,
        *,
        expected_champion: int | None,
        actor: str,
        evidence: Mapping[str, Any],
    ) -> Promotion:
        """Give a stage to a version that was judged against `expected_champion` (None: there was none).

        Unchanged when it holds the stage already. Raises RegistryError when there is no such version or
        stage, and when another version than the expected one holds the stage by now.
        """
        version = self.version(model, number)
        with self._database.writing() as connection:
            return promotion.promote(
                connection,
                version,
                stage,
                expected=expected_champion,
                actor=actor,
                at=self._clock(),
                evidence=evidence,
            )

    def rollback(
        self,
        model: str,
        stage: str,
        *,
        actor: str,
        expected_champion: int | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> Promotion:
        """Give a stage back to its previous holder; repeated, one further back each time.

        With `expected_champion`, only if that version holds it. Raises RegistryError when there is no
        previous holder.
        """
        if not self._database.present():
            raise RegistryError(f"nothing to roll back: the registry {self._database} is empty")
        with self._database.writing() as connection:
            return promotion.rollback(
                connection,
                model,
                stage,
                expected=expected_champion,
                actor=actor,
                at=self._clock(),
                evidence=evidence or {},
            )

    def refuse(
        self,
        model: str,
        digest: str,
        *,
        actor: str,
        evidence: Mapping[str, Any],
        stage: str | None = None,
        guard: Callable[[], None] = _nothing,
    ) -> LedgerEntry:
        """Record that gates refused a candidate; the same digest, stage and evidence make one entry only.

        `guard` is as in `register`.
        """
        at = self._clock()
        with self._database.writing() as connection:
            guard()
            return ledger.refuse(
                connection, at=at, actor=actor, model=model, digest=digest, stage=stage, evidence=evidence
            )

    def champion(self, model: str, stage: str) -> Version | None:
        """Return the version that holds a stage, or None."""
        return self._first(_holding(model, stage).where(holders.c.ended.is_(None)))

    def champion_at(self, model: str, stage: str, time: datetime) -> Version | None:
        """Return the version that held a stage at a time (naive means UTC), or None.

        It is the last, in the ledger's order, of those given the stage at or before that time: so it is
        defined also where a clock was set back.
        """
        earlier = _holding(model, stage).where(holders.c.since <= time)
        return self._first(earlier.order_by(holders.c.sequence.desc()).limit(1))

    def version(self, model: str, number: int) -> Version:
        """Return a version by its number; raises RegistryError, with the models or versions there are."""
        # Beyond an INTEGER column's range there is nothing to ask the database for.
        if 0 < number < 2**31:
            found = self._first(
                select(versions).where(versions.c.model == model, versions.c.number == number)
            )
            if found is not None:
                return found
        last = len(self._versions(model))
        raise RegistryError(f"unknown version {model}/{number}: model {model!r} has versions 1 to {last}")

    def versions(self, model: str) -> tuple[Version, ...]:
        """Return a model's versions in order; none for an unknown model."""
        chosen = select(versions).where(versions.c.model == model).order_by(versions.c.number)
        return tuple(registration.read(row) for row in self._database.rows(chosen))

    def models(self) -> tuple[str, ...]:
        """Return the names of the models, sorted."""
        return tuple(sorted(row.name for row in self._database.rows(select(models.c.name))))

    def holders(self, model: str) -> tuple[Holder, ...]:
        """Return who holds the stages of a model now, those promoted first before others."""
        columns = (holders.c.model, holders.c.stage, holders.c.version, holders.c.since)
        chosen = select(*columns).where(holders.c.model == model, holders.c.ended.is_(None))
        rows = self._database.rows(chosen.order_by(holders.c.sequence))
        return tuple(Holder(**row._mapping) for row in rows)

    def history(self, model: str | None = None) -> tuple[LedgerEntry, ...]:
        """Return the ledger of a model, or all of it, in the order in which the entries were made."""
        return tuple(ledger.entry(row) for row in self._database.rows(ledger.entries(model)))

    def find(self, model: str, digest: str, *, lineage: Mapping[str, Any] | None = None) -> Version | None:
        """Return the newest version with a model digest, and with that lineage if one is given, or None."""
        chosen = select(versions).where(versions.c.model == model, versions.c.digest == digest)
        if lineage is not None:
            chosen = chosen.where(versions.c.lineage_digest == registration.lineage_digest(lineage))
        return self._first(chosen.order_by(versions.c.number.desc()).limit(1))

    def resolve(self, reference: str) -> Version:
        """Return the version that `name@stage` or `name/3` means; RegistryError with the nearest name."""
        model, wanted = parse_reference(reference)
        if isinstance(wanted, int):
            return self.version(model, wanted)
        champion = self.champion(model, wanted)
        if champion is None:
            stages = {stage for version in self._versions(model) for stage in version.stages}
            if wanted not in stages:
                raise unknown("stage", wanted, stages, of=f"model {model!r}")
            raise RegistryError(
                f"no version of model {model!r} holds stage {wanted!r} yet",
                help=f"mlopsc registry promote {model}/NUMBER --to {wanted}",
            )
        return champion

    def _versions(self, model: str) -> tuple[Version, ...]:
        found = self.versions(model)
        if not found:
            raise unknown("model", model, self.models(), of=f"the registry {self._database}")
        return found

    def _first(self, statement: Select[Any]) -> Version | None:
        rows = self._database.rows(statement)
        return registration.read(rows[0]) if rows else None


def _holding(model: str, stage: str) -> Select[Any]:
    same = (versions.c.model == holders.c.model) & (versions.c.number == holders.c.version)
    mine = (holders.c.model == model, holders.c.stage == stage)
    return select(versions).join_from(versions, holders, same).where(*mine)
