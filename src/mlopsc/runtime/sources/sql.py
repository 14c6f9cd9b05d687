"""A query on a database as a source: read in batches, in a transaction that only reads, its values beside the text."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError, SpecError
from mlopsc.runtime import readonly
from mlopsc.runtime.sources.found import FoundFiles, SourceFile
from mlopsc.runtime.sources.handles import Secrets, resolved
from mlopsc.runtime.sources.rows import Kind, spool_rows
from mlopsc.sql.foreign import binds, query_fault
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.sources import ParquetSource, SecretHandle
from mlopsc.vocabulary.sources.sql import DIALECTS, SqlSource, SqlTimestamp, sqlite_path

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult, Engine, Executable

BATCH = 10_000
"""Rows that are in memory at a time."""
_CONNECT_SECONDS = 15
_LOCKED_SECONDS = 30
_POSTGRES = "postgresql+psycopg"
_HINTS = (
    (("could not translate host name", "name or service not known", "getaddrinfo", "failed to resolve"),
     "is the host of `url` written right, and known where the step runs?"),
    (("authentication failed", "access denied", "no password supplied"),
     "are the user of `url` and the secret's value right?"),
    (("connection refused", "timeout expired", "timed out", "could not connect", "no such file or directory"),
     "is the database up, and reached from where the step runs?"),
    (("no such table", "no such column", "does not exist", "doesn't exist"),
     "is it spelled right, and may the user of `url` see it?"),
)  # fmt: skip
_OF_POSTGRES: dict[int, Kind] = {
    16: Kind("bool"), 17: Kind("binary"), 20: Kind("int"), 21: Kind("int"), 23: Kind("int"), 25: Kind("string"),
    114: Kind("json"), 700: Kind("float"), 701: Kind("float"), 1043: Kind("string"), 1082: Kind("date"),
    1083: Kind("time"), 1114: Kind("local"), 1184: Kind("instant"), 1700: Kind("decimal"), 2950: Kind("string"),
    3802: Kind("json"),
}  # fmt: skip
"""PostgreSQL's numbers of types."""


@contextmanager
def open_query(source: SqlSource, project: Path, secrets: Secrets) -> Iterator[FoundFiles]:
    """Give what the query returns, as one Parquet file of rows in no order.

    Raises MlopscError when the database cannot be reached or refuses, when the text is not one SELECT, and for columns
    that a table cannot hold.
    """
    with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
        out = Path(folder) / "rows"
        url = _url(source, secrets)
        label = _label(source, url)
        with _faults(label, url):
            engine = _engine(source, url, project, secrets)
            try:
                statement = _statement(source, project, engine, label)
                with _reading(engine) as connection, connection.execute(statement) as result:
                    _spool(result, out, label, postgres=engine.dialect.name == "postgresql")
            finally:
                engine.dispose()
        yield FoundFiles(ParquetSource(path=label), (SourceFile(out, label),), ordered=False)


def query_text(source: SqlSource, project: Path) -> str | None:
    """Return the text of the query, None for a whole table; raises MlopscError when its file cannot be read."""
    if source.query_file is None:
        return source.query
    path = project / source.query_file
    if not path.resolve().is_relative_to(project.resolve()):
        raise MlopscError(f"{source.query_file} leads out of the project folder")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise MlopscError(f"the query's file {source.query_file!r} cannot be read: {why}") from error


def _url(source: SqlSource, secrets: Secrets) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    text = secrets(source.url.secret) if isinstance(source.url, SecretHandle) else source.url
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Neither the text nor the parser's words: a password with `/` or `@` in it would show up in them.
        where = f"secret {source.url.secret!r}" if isinstance(source.url, SecretHandle) else "`url`"
        raise MlopscError(
            f"{where} is no database URL that can be read: expected one such as postgresql://reader@host/database",
            help="percent-encode special characters of user name and password",
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername=_POSTGRES)
    return url if source.password is None else url.set(password=secrets(source.password.secret))


def _label(source: SqlSource, url: "URL") -> str:
    """Name the source without what may be secret: the kind of database, and the table or its name."""
    name = Path(url.database).name if url.database else ""
    what = f"table {source.table!r} of" if source.table else "query on"
    return " ".join(part for part in (what, url.get_backend_name(), f"{name!r}" if name else "") if part)


def _engine(source: SqlSource, url: "URL", project: Path, secrets: Secrets) -> "Engine":
    from sqlalchemy import NullPool, create_engine

    arguments = resolved(source.connect_args, secrets)
    if url.get_backend_name() == "sqlite":
        path = sqlite_path(url.render_as_string(hide_password=False))
        if path is None:
            raise MlopscError("`url` names no file: expected sqlite:///PATH, without options")
        file = _sqlite_file(path, project)
        return create_engine("sqlite://", creator=lambda: _sqlite(file, arguments), poolclass=NullPool)
    if url.drivername == _POSTGRES:
        given = [*_texts(url.query.get("options", ())), arguments.pop("options", "")]
        options = " ".join(filter(None, [*map(str, given), "-c timezone=UTC"]))
        patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
        arguments = {**patience, **arguments, "options": options}
        url = url.difference_update_query(["options"])
    return create_engine(url, connect_args=arguments, poolclass=NullPool)


def _sqlite_file(path: str, project: Path) -> Path:
    file = project / path
    if not Path(path).is_absolute() and not file.resolve().is_relative_to(project.resolve()):
        raise MlopscError(f"{path} leads out of the project folder", help="name it by its absolute path")
    if not file.is_file():
        raise MlopscError(f"no such file: {path!r}", help="is it there where the step runs?")
    return file


def _sqlite(file: Path, arguments: dict[str, Any]) -> sqlite3.Connection:
    connection = readonly.connect(file, timeout=float(arguments.get("timeout", _LOCKED_SECONDS)))
    connection.execute("pragma query_only = on")
    return connection


@contextmanager
def _reading(engine: "Engine") -> Iterator["Connection"]:
    """Connect for a statement that reads, and streams what it finds."""
    with engine.connect() as connection:
        options: dict[str, Any] = {"stream_results": True, "yield_per": BATCH}
        if engine.dialect.name == "postgresql":
            options["postgresql_readonly"] = True
        if engine.dialect.name in ("mysql", "mariadb"):
            connection.exec_driver_sql("set session transaction read only")
            connection.rollback()
        yield connection.execution_options(**options)


def _statement(source: SqlSource, project: Path, engine: "Engine", label: str) -> "Executable":
    import sqlalchemy

    sql = query_text(source, project)
    if sql is None:
        schema, _, name = str(source.table).rpartition(".")
        table = sqlalchemy.table(name, schema=schema or None)
        return sqlalchemy.select(sqlalchemy.literal_column("*")).select_from(table)
    dialect = DIALECTS.get(engine.dialect.name)
    if (fault := query_fault(sql, dialect or "")) is not None:
        raise MlopscError(
            f"{label}: {fault.message}", help="write one SELECT; what sqlglot cannot read, make a view of"
        )
    parts: list[str] = []
    at = 0
    for bind in binds(sql, dialect):
        if bind.name not in source.parameters:
            raise MlopscError(
                f"{label}: nothing says what :{bind.name} is", help="give it under `parameters`"
            )
        parts += [sql[at : bind.start].replace(":", r"\:"), f":{bind.name}"]
        at = bind.end
    statement = sqlalchemy.text("".join([*parts, sql[at:].replace(":", r"\:")]))
    found = {bind.name for bind in binds(sql, dialect)}
    values = [
        _bound(name, value, engine.dialect.name) for name, value in source.parameters.items() if name in found
    ]
    return statement.bindparams(*values)


def _bound(name: str, value: SqlTimestamp | str | int | float | bool, database: str) -> Any:
    """Return a value for a statement; what is no instant goes as it is, for the database to take as it needs it."""
    from sqlalchemy import DateTime, bindparam
    from sqlalchemy.types import NullType

    if not isinstance(value, SqlTimestamp):
        return bindparam(name, value, type_=NullType())
    assert not isinstance(value.timestamp, ParameterReference), "a configuration is literal when a step runs"
    moment: datetime = value.timestamp.astimezone(UTC)
    match database:
        case "sqlite":  # which has no type for it, and writes it so itself
            fraction = ".%f" if moment.microsecond else ""
            return bindparam(name, moment.strftime(f"%Y-%m-%d %H:%M:%S{fraction}"), type_=NullType())
        case "mysql" | "mariadb":
            return bindparam(name, moment.replace(tzinfo=None), type_=DateTime())
        case _:
            return bindparam(name, moment, type_=DateTime(timezone=True))


def _spool(result: "CursorResult[Any]", out: Path, label: str, *, postgres: bool) -> None:
    from mlopsc.runtime.tables import check_names

    names = list(result.keys())
    try:
        check_names(names)
    except SpecError as error:
        raise MlopscError(
            f"{label}: {error}", help="give each column a name of its own in the query"
        ) from None
    described: Sequence[Any] = getattr(result.cursor, "description", None) or ()
    known = [_known(column) for column in described] if postgres and len(described) == len(names) else ()
    spool_rows((rows for rows in result.partitions(BATCH)), names, out, label=label, known=known)


def _known(column: Any) -> Kind | None:
    kind = _OF_POSTGRES.get(column[1])
    scale = column[5]
    return (
        Kind("decimal", scale)
        if kind == Kind("decimal") and isinstance(scale, int) and 0 <= scale <= 38
        else kind
    )


@contextmanager
def _faults(label: str, url: "URL") -> Iterator[None]:
    """Turn what SQLAlchemy and drivers raise into MlopscError: the first line, without the URL's password."""
    from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except NoSuchModuleError as error:
        raise MlopscError(
            f"{label}: SQLAlchemy knows no database {url.drivername!r} here",
            help="install the package that adds it, or correct the beginning of `url`",
        ) from error
    except ModuleNotFoundError as error:
        package = error.name or ""
        help = (
            "pip install 'mlopsc[postgres]'"
            if package == "psycopg"
            else f"pip install the package of {package!r}"
        )
        raise MlopscError(f"{label}: the driver {package!r} is not installed", help=help) from error
    except SQLAlchemyError as error:
        said = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
        line = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
        for secret in filter(None, (url.password, *_texts(url.query.values()))):
            line = line.replace(secret, "***")
        hint = next((help for words, help in _HINTS if any(word in said.lower() for word in words)), None)
        raise MlopscError(f"{label}: {line}", help=hint) from None


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        yield values
        return
    for value in values:
        yield from _texts(value)
