"""An online store in one SQLite file: a write is one transaction, and readers see what was there when they began."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlopsc.diagnostics.errors import OnlineStoreError
from mlopsc.runtime.atomic import cannot_write, make_folder
from mlopsc.runtime.online.state import Outcome, Row, ViewState
from mlopsc.runtime.readonly import connect
from mlopsc.runtime.wal import enter_wal

_WAIT_SECONDS = 60.0
_VERSION = 1
_TABLES = """
create table if not exists views (
    project text, view text, state text not null, primary key (project, view)) without rowid;
create table if not exists entries (
    project text, view text, key text, value text not null, primary key (project, view, key)) without rowid;
create table if not exists trainings (
    project text, training text, features text not null, primary key (project, training)) without rowid;
"""


class SqliteStore:
    """See `OnlineStore`. A connection lives as long as a call: it costs a fraction of a millisecond."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def replace(
        self,
        project: str,
        state: ViewState,
        rows: Iterable[Row],
        trainings: Mapping[str, str],
        guard: Callable[[], None],
    ) -> Outcome:
        """Gather the rows first, where nobody waits for it; then change, in one transaction, what differs."""
        self._prepare()
        where = (project, state.view)
        with self._opened() as connection:
            connection.execute(
                "create temp table fresh (key text primary key, value text not null) without rowid"
            )
            with _transaction(connection, "begin"):
                connection.executemany("insert into temp.fresh values (?, ?)", rows)
            count = connection.execute("select count(*) from temp.fresh").fetchone()[0]
            with _transaction(connection, "begin immediate"):
                held = connection.execute(
                    "select state from views where project = ? and view = ?", where
                ).fetchone()
                if held is not None and ViewState.from_json(held[0]).until > state.until:
                    return "superseded"
                connection.execute(
                    "delete from entries where project = ? and view = ? and key not in (select key from temp.fresh)",
                    where,
                )
                connection.execute(
                    "insert into entries select ?, ?, key, value from temp.fresh where true "
                    "on conflict do update set value = excluded.value where value <> excluded.value",
                    where,
                )
                connection.execute(
                    "insert or replace into views values (?, ?, ?)", (*where, state.counted(count).to_json())
                )
                connection.executemany(
                    "insert or replace into trainings values (?, ?, ?)",
                    [(project, name, features) for name, features in trainings.items()],
                )
                guard()
        return "written"

    def states(self, project: str) -> tuple[ViewState, ...]:
        """Return all views of a project, by name."""
        statement = "select state from views where project = ? order by view"
        with self._reading() as connection:
            if connection is None:
                return ()
            return tuple(ViewState.from_json(text) for (text,) in connection.execute(statement, (project,)))

    def trainings(self, project: str) -> Mapping[str, str]:
        """Return what trainings are served."""
        statement = "select training, features from trainings where project = ?"
        with self._reading() as connection:
            return {} if connection is None else dict(connection.execute(statement, (project,)).fetchall())

    def read(
        self, project: str, keys: Callable[[ViewState], Sequence[str]], views: Sequence[str]
    ) -> dict[str, tuple[ViewState, dict[str, str]]]:
        """Return state and rows of each view that is there, in one snapshot."""
        found: dict[str, tuple[ViewState, dict[str, str]]] = {}
        with self._reading() as connection:
            if connection is None:
                return found
            for view in views:
                held = connection.execute(
                    "select state from views where project = ? and view = ?", (project, view)
                ).fetchone()
                if held is None:
                    continue
                state = ViewState.from_json(held[0])
                rows = connection.execute(
                    "select key, value from entries where project = ? and view = ? "
                    "and key in (select value from json_each(?))",
                    (project, view, json.dumps(keys(state))),
                ).fetchall()
                found[view] = (state, dict(rows))
        return found

    def forget(self, project: str, views: Sequence[str]) -> None:
        """Remove views with their values."""
        if not self._file.exists():
            return
        with self._opened() as connection, _transaction(connection, "begin immediate"):
            for view in views:
                connection.execute("delete from entries where project = ? and view = ?", (project, view))
                connection.execute("delete from views where project = ? and view = ?", (project, view))

    def close(self) -> None:
        """Nothing is held between calls."""

    def _prepare(self) -> None:
        from mlopsc.runtime.registry.location import network_mount

        if (mount := network_mount(self._file)) is not None:
            raise OnlineStoreError(
                f"the online store {self._file} is on a network file system ({mount.type} at {mount.point}), "
                "where SQLite's locks do not hold",
                help="keep the file on a local disk, or use Redis: redis://HOST/0",
            )
        try:
            make_folder(self._file.parent)
        except OSError as error:
            raise cannot_write(self._file.parent, error) from error
        with self._opened() as connection:
            if connection.execute("pragma user_version").fetchone()[0] == _VERSION:
                return
            enter_wal(connection, _WAIT_SECONDS)
            with _transaction(connection, "begin immediate"):
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {_VERSION}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """One snapshot; None where nothing was ever written."""
        if not self._file.exists():
            yield None
            return
        with self._opened() as connection, _transaction(connection, "begin"):
            version = connection.execute("pragma user_version").fetchone()[0]
            yield connection if version == _VERSION else None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(connect(self._file, timeout=_WAIT_SECONDS)) as connection:
                yield connection
        except sqlite3.Error as error:
            help = None
            if "file is not a database" in str(error):
                help = "the file is something else, or damaged: remove it and materialize again"
            elif "locked" in str(error):
                help = f"another process has held it for {_WAIT_SECONDS:.0f} s: look for one that hangs"
            raise OnlineStoreError(f"the online store {self._file} failed: {error}", help=help) from error


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise
