"""Where MLflow is: a server's URL, or a SQLite file; and how to speak of it without what is secret."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import STATE_FOLDER, read_secret, within
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.tracking import DATABASE, LOCAL, SCHEMES, TRACKING_VARIABLE


def tracking_url(told: str | SecretHandle | None, secrets: Mapping[str, SecretSource], project: Path) -> str:
    """Return the URL that the spec tells, else the environment's, else that of the project's own file.

    Raises MlopscError for a secret without a value and for a URL of something else. No message holds a URL that came
    of a secret or the environment.
    """
    if isinstance(told, SecretHandle):
        told = read_secret(told.secret, secrets, project)
    url = told or os.environ.get(TRACKING_VARIABLE) or LOCAL
    if url == LOCAL:
        return f"sqlite:///{project.absolute() / STATE_FOLDER / DATABASE}"
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise MlopscError(
            f"runs cannot be tracked in {scheme if separator else 'a path'!r}",
            help="expected http://HOST:PORT, https://HOST, sqlite:///PATH or local",
        )
    return within(project, url)


def destination(url: str) -> str:
    """Return what a server is known by: its URL without user, password and query."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def secrets_of(url: str) -> list[str]:
    """Return the parts of a URL that nobody is to read."""
    parts = urlsplit(url)
    return [part for part in (parts.password or parts.username, parts.query) if part]


def database(url: str) -> Path | None:
    """Return the SQLite file of a URL, None for a server's."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
