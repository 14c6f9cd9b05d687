"""The connection to the database: durable, one writer at a time, every fault of a driver a RegistryError."""

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, Row, Select, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.atomic import make_folder
from mlopsc.runtime.readonly import connect
from mlopsc.runtime.registry import schema
from mlopsc.runtime.registry.location import redacted, scrub
from mlopsc.runtime.wal import enter_wal

WAIT_SECONDS = 60
"""How long a writer waits for another one."""
_CONNECT_SECONDS = 10
_CREATION_LOCK = 0x6D6C6F707363  # "mlopsc"


class Database:
    """A registry's database, which may not exist yet: reading never creates it, writing does."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._file = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
        self._present = False
        with self._faults():
            self._engine = _sqlite(url, self._file) if self._file else _postgres(url)
        try:
            self.present()
        except RegistryError:
            self.close()
            raise

    def __str__(self) -> str:
        return redacted(self._url)

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def present(self) -> bool:
        """Say whether there is a registry yet; raises RegistryError when it has another schema version."""
        if not self._present and not (self._file and not self._file.exists()):
            with self._faults(), self._engine.connect() as connection:
                self._present = schema.present(connection)
        return self._present

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """Return what one statement selects, in one snapshot; nothing where there is no registry yet."""
        if not self.present():
            return ()
        with self._faults(), self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One durable transaction, with every other writer shut out from its first statement on."""
        if not self.present():
            self._create()
        with self._faults(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                if self._file is None:
                    connection.execute(text(f"set local lock_timeout = '{WAIT_SECONDS}s'"))
                    # Readers go on; sequence and version numbers are then contiguous and in order of commit.
                    connection.execute(text("lock table registry_ledger in exclusive mode"))
                yield connection

    def _create(self) -> None:
        if self._file:
            self._prepare(self._file)
        with self._faults(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                if self._file is None:
                    connection.execute(text(f"select pg_advisory_xact_lock({_CREATION_LOCK})"))
                if not schema.present(connection):
                    schema.create(connection)
        self._present = True

    def _prepare(self, file: Path) -> None:
        """Make the file, in WAL mode, which it then keeps; whoever comes second finds it so."""
        try:
            make_folder(file.parent)
            with self._faults(), self._engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                enter_wal(driver, WAIT_SECONDS)
            folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise RegistryError(f"the registry {file} cannot be created: {error.strerror}") from error

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, UnicodeError, OverflowError) as error:
            # The cause is cut off: a driver's own words may hold the password, also further down the chain.
            raise _fault(self._url, error) from None
        except ModuleNotFoundError as error:
            help = (
                f"pip install {error.name}" if error.name != "psycopg" else 'pip install "mlopsc[postgres]"'
            )
            raise RegistryError(
                f"a registry in PostgreSQL needs the module {error.name!r}", help=help
            ) from None


def _sqlite(url: URL, file: Path) -> Engine:
    # No pool: a connection costs 0.1 ms, and none is carried over a fork or left open at exit.
    engine = create_engine(
        url, poolclass=NullPool, hide_parameters=True, creator=lambda: connect(file, timeout=WAIT_SECONDS)
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _postgres(url: URL) -> Engine:
    told = "connect_timeout" in url.query or "PGCONNECT_TIMEOUT" in os.environ
    arguments = {} if told else {"connect_timeout": _CONNECT_SECONDS}
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)


def _fault(url: URL, error: BaseException) -> RegistryError:
    words = scrub(url, str(getattr(error, "orig", None) or error)).strip()
    help = None if url.get_backend_name() == "sqlite" else _postgres_help(url, words)
    if "database is locked" in words or "lock timeout" in words:
        help = f"another process has held it for {WAIT_SECONDS} s: look for one that hangs, then try again"
    elif "file is not a database" in words:
        help = "the file is something else, or damaged: restore it from a backup or name another"
    elif "readonly database" in words:
        help = "its file and folder must be writable for that"
    return RegistryError(f"the registry {redacted(url)} failed: {words}", help=help)


def _postgres_help(url: URL, words: str) -> str | None:
    """Say what to do about a fault of PostgreSQL, by its own words."""
    if re.search("database .* does not exist", words):
        return f"make it: createdb {url.database}, or correct the URL"
    if re.search("password authentication failed|no password supplied|role .* does not exist", words):
        return "correct the user in the URL, and set PGPASSWORD or name a file in PGPASSFILE"
    if "permission denied" in words or "read-only transaction" in words:
        return "the role needs the right to make tables and to read and insert in them"
    if re.search("refused|timeout|timed out|could not translate|resolve|No such file", words):
        return "see that the server is up and the URL's host and port right, then run again"
    if re.search("terminat|closed|lost|reset|broken|SSL SYSCALL", words):
        return "the connection broke: run again; what was registered stays, and nothing is half done"
    return None
