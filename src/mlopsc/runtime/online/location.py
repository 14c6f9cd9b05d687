"""Where the online store is: a path, `sqlite:///PATH`, or a URL of Redis."""

import os
from collections.abc import Mapping
from pathlib import Path

from mlopsc.diagnostics.errors import OnlineStoreError
from mlopsc.runtime.context import STATE_FOLDER, read_secret, within
from mlopsc.runtime.online.state import OnlineStore
from mlopsc.vocabulary.online import ONLINE_STORE_VARIABLE
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle

REDIS = ("redis", "rediss", "unix")


def open_online_store(
    told: str | SecretHandle | None, secrets: Mapping[str, SecretSource], project: Path
) -> OnlineStore:
    """Open the store that the spec tells, else the environment's, else the project's own file.

    Raises MlopscError for a secret without a value, OnlineStoreError for a URL of something else. No message holds a
    URL that came of a secret or the environment.
    """
    if isinstance(told, SecretHandle):
        told = read_secret(told.secret, secrets, project)
    location = within(project, told or os.environ.get(ONLINE_STORE_VARIABLE) or f"{STATE_FOLDER}/online.db")
    scheme, separator, rest = location.partition("://")
    if not separator:
        return _sqlite(location)
    if scheme == "sqlite" and rest.startswith("/") and rest != "/" and "?" not in rest:
        return _sqlite(rest[1:])
    if scheme in REDIS:
        from mlopsc.runtime.online.redis import RedisStore

        return RedisStore(location)
    raise OnlineStoreError(
        f"an online store cannot be kept in {scheme!r}",
        help="expected a path, sqlite:///PATH, or redis://HOST:PORT/DATABASE",
    )


def _sqlite(path: str) -> OnlineStore:
    from mlopsc.runtime.online.sqlite import SqliteStore

    if Path(path).is_dir():
        raise OnlineStoreError(
            f"the online store {path} is a folder", help=f"expected a file: {path}/online.db"
        )
    return SqliteStore(Path(path))
