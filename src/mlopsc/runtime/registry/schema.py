"""The registry's tables, and the triggers that keep what was written as it was written.

Versions and the ledger are append-only: the database itself refuses to change or delete their rows. Every
column is an integer or a text in one canonical form (JSON with sorted keys, UTC times with microseconds), and
the ledger's sequence has no gaps, so a later schema version can add a chain of hashes over the rows, in a
table beside it, without touching the rows.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Dialect

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.vocabulary.time import parse_timestamp

SCHEMA_VERSION = 1


class Document(TypeDecorator[Any]):
    """A JSON value as canonical text, the same bytes in every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        return canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class Instant(TypeDecorator[datetime]):
    """A moment as text of one width, `2026-01-31T09:00:00.000000Z`: order of text is order of time."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return parse_timestamp(value).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


def canonical(value: Any) -> str:
    """Return the one JSON text of a value; raises RegistryError for NaN, infinities and what is not JSON."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RegistryError(f"the registry keeps plain JSON, without NaN: {error}") from error


metadata = MetaData()

schema = Table("registry_schema", metadata, Column("version", Integer, nullable=False))

models = Table(
    "registry_models",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
)

versions = Table(
    "registry_versions",
    metadata,
    Column("model", Text, ForeignKey("registry_models.name"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("lineage_digest", Text, nullable=False),
    Column("artifacts", Document, nullable=False),
    Column("metrics", Document, nullable=False),
    Column("gates", Document, nullable=False),
    Column("stages", Document, nullable=False),  # [[stage, [gate, ...]], ...]: the order means something
    Column("lineage", Document, nullable=False),
    Column("decisions", Document, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("run", Text),
    UniqueConstraint("model", "digest", "lineage_digest"),
    CheckConstraint("number >= 1"),
)

ledger = Table(
    "registry_ledger",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("model", Text, nullable=False, index=True),
    Column("version", Integer),
    Column("stage", Text),
    Column("from_version", Integer),
    Column("digest", Text, nullable=False),
    Column("evidence", Document, nullable=False),
    CheckConstraint("action in ('register', 'promote', 'rollback', 'refuse')"),
    CheckConstraint("sequence >= 1"),
)

holders = Table(
    "registry_holders",
    metadata,
    # The ledger entry that gave the stage, the one that took it, and the holding a rollback returns to.
    Column(
        "sequence", Integer, ForeignKey("registry_ledger.sequence"), primary_key=True, autoincrement=False
    ),
    Column("ended", Integer, ForeignKey("registry_ledger.sequence")),
    Column("beneath", Integer, ForeignKey("registry_holders.sequence")),
    Column("model", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    ForeignKeyConstraint(["model", "version"], ["registry_versions.model", "registry_versions.number"]),
)
# As text: an `Index` with `postgresql_where` imports that dialect, whatever the database is.
_ONE_CHAMPION = (
    "create unique index registry_one_champion on registry_holders (model, stage) where ended is null"
)

_KEPT = ("registry_ledger", "registry_versions", "registry_models")


def present(connection: Connection) -> bool:
    """Say whether the database holds a registry.

    Raises RegistryError for a registry of another schema version, and for a SQLite file with other tables.
    """
    inspector = inspect(connection)
    if not inspector.has_table(schema.name):
        if connection.dialect.name == "sqlite" and inspector.get_table_names():
            raise RegistryError(
                f"{connection.engine.url.database} is a database of something else, no registry"
            )
        return False
    found = connection.scalar(select(schema.c.version))
    if found == SCHEMA_VERSION:
        return True
    age = "a newer" if (found or 0) > SCHEMA_VERSION else "an older"
    raise RegistryError(
        f"the registry was written by {age} mlopsc: schema version {found}, expected {SCHEMA_VERSION}",
        help="use the version of mlopsc that wrote it, or another registry",
    )


def create(connection: Connection) -> None:
    """Create every table and trigger, in the caller's transaction; the registry must not be present."""
    metadata.create_all(connection, checkfirst=False)
    triggers = _SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else _POSTGRES_TRIGGERS
    for statement in (_ONE_CHAMPION, *triggers):
        connection.execute(text(statement))
    connection.execute(schema.insert().values(version=SCHEMA_VERSION))


# INSERT OR REPLACE deletes without firing delete triggers; the third trigger stops it, and gaps with it.
_SQLITE_TRIGGERS = (
    *(
        f"create trigger {table}_no_{verb} before {verb} on {table} "
        f"begin select raise(abort, '{table} is append-only'); end"
        for table in _KEPT
        for verb in ("update", "delete")
    ),
    "create trigger registry_ledger_in_order before insert on registry_ledger "
    "when new.sequence <> (select coalesce(max(sequence), 0) + 1 from registry_ledger) "
    "begin select raise(abort, 'registry_ledger is append-only'); end",
    "create trigger registry_versions_in_order before insert on registry_versions when new.number <> "
    "(select coalesce(max(number), 0) + 1 from registry_versions where model = new.model) "
    "begin select raise(abort, 'registry_versions is append-only'); end",
)
_POSTGRES_TRIGGERS = (
    "create function registry_append_only() returns trigger language plpgsql as "
    "$$ begin raise exception '% is append-only', tg_table_name; end $$",
    *(
        f"create trigger {table}_append_only before update or delete or truncate on {table} "
        "for each statement execute function registry_append_only()"
        for table in _KEPT
    ),
)
