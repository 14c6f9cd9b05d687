"""A query, or a table, of a database as a source."""

import re
from typing import Annotated, Any, Literal

from pydantic import StringConstraints, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.sources.base import SecretHandle
from mlopsc.vocabulary.time import Timestamp

_Text = Annotated[str, StringConstraints(min_length=1)]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_URL = re.compile(r"(?P<backend>[a-z][a-z0-9_]*)(?:\+\w+)?://")
DIALECTS = {
    "postgresql": "postgres",
    "mssql": "tsql",
    "awsathena": "athena",
    "databricks": "databricks",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "clickhousedb": "clickhouse",
    "cockroachdb": "postgres",
    "druid": "druid",
    "duckdb": "duckdb",
    "mariadb": "mysql",
    "mysql": "mysql",
    "oracle": "oracle",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sqlite": "sqlite",
    "trino": "trino",
    "presto": "presto",
}
"""SQLAlchemy's name of a kind of database → the dialect by which its SQL is parsed."""


class SqlTimestamp(Frozen):
    """An instant as a value of a query."""

    timestamp: Timestamp | ParameterReference
    """The instant; without an offset it is UTC."""


class SqlSource(Frozen):
    """What a SELECT gives on any database that SQLAlchemy reaches; rows are put in order: they have none there.

    The order is that of the dataset's primary key, then of all columns. The database is only read.
    """

    type: Literal["sql"] = "sql"
    url: SecretHandle | _Text
    """SQLAlchemy's URL, `postgresql://reader@db.example.com/sales` or `sqlite:///data/sales.db` (a path of the
    project); one that holds a password is `{secret: name}`."""
    password: SecretHandle | None = None
    """The password that goes with the user in `url`."""
    query: _Text | None = None
    """A SELECT in the database's own SQL. `:name` stands for a value of `parameters`."""
    query_file: _Text | None = None
    """A file of the project that holds the query instead."""
    table: _Text | None = None
    """A table or view to read whole instead, with its schema where that is not the usual one: `sales.orders`."""
    parameters: dict[_Name, SqlTimestamp | str | int | float | bool] = {}
    """Values of the query's `:name`, which travel beside it and never become a part of its text; an instant is
    `{timestamp: 2013-12-31T00:00:00Z}`, or a run-time parameter of that type."""
    connect_args: dict[str, SecretHandle | str | int | bool] = {}
    """Arguments of the database's driver (`connect_timeout`, `sslmode`); what is secret is written `{secret: name}`."""

    @property
    def backend(self) -> str | None:
        """SQLAlchemy's name of the kind of database, None while only a secret knows it."""
        return backend_of(self.url) if isinstance(self.url, str) else None

    @model_validator(mode="after")
    def _sensible(self) -> "SqlSource":
        given = [key for key in ("query", "query_file", "table") if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(
                f"an sql source needs exactly one of `query`, `query_file` and `table`, found {found}"
            )
        if self.table is not None and self.parameters:
            raise ValueError("`parameters` belong to a query; a `table` is read whole")
        if isinstance(self.url, str) and self.backend is None:
            raise ValueError(
                "`url` is no database URL: expected one such as postgresql://reader@host/database"
            )
        if self.backend == "sqlite":
            self._sqlite()
        return self

    def _sqlite(self) -> None:
        path = sqlite_path(self.url)
        if path is None:
            raise ValueError("`url` names no file: expected sqlite:///PATH, without options")
        if self.password is not None:
            raise ValueError("SQLite knows no `password`")


def backend_of(url: Any) -> str | None:
    """Return SQLAlchemy's name of a URL's kind of database, None for a text that is no such URL."""
    found = _URL.match(url)
    return None if found is None else found["backend"]


def sqlite_path(url: Any) -> str | None:
    """Return the path in `sqlite:///PATH`, None for any other URL, and for a database in memory."""
    found = (
        re.fullmatch(r"sqlite(?:\+pysqlite)?:///(?!:memory:|file:)([^?#]+)", url, re.DOTALL)
        if isinstance(url, str)
        else None
    )
    return None if found is None else found[1]
