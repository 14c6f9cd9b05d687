"""Where the registry is: a path or URL, with passwords kept out of sight and network file systems refused."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mlopsc.diagnostics.errors import RegistryError

_NETWORK = re.compile(
    r"nfs\d*|cifs|smb\w*|9p|afs|ncpfs?|ceph|glusterfs|lustre|beegfs|gpfs|ocfs2|gfs2|davfs2?"
    # What FUSE serves is elsewhere, or keeps no locks, unless it is known to be a folder or disk of this machine.
    r"|fuse(\.(?!ntfs|exfat|bindfs|fuse-overlayfs|gocryptfs|encfs|mergerfs|lxcfs|zfs|squashfuse).+)?"
)
_EXPECTED = "expected a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE"
_DRIVER = "postgresql+psycopg"
_SECRET_OPTIONS = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of /proc/mounts: where a file system begins, and its type."""

    point: Path
    type: str


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """Read the text of /proc/mounts, in order; blanks inside a mount point are written `\\040`."""
    fields = (line.split(" ") for line in text.splitlines())
    return tuple(Mount(Path(_unescape(row[1])), row[2]) for row in fields if len(row) > 2)


def read_mounts() -> tuple[Mount, ...]:
    """Return the mounts of this process; none where the system does not tell (not Linux)."""
    try:
        return parse_mounts(Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return ()


def locate(location: str | os.PathLike[str], mounts: Callable[[], tuple[Mount, ...]] = read_mounts) -> URL:
    """Return the database URL that a path or URL means; a SQLite path comes out absolute, links resolved.

    Raises RegistryError for a URL that cannot be read, a database that is not supported, and a SQLite file
    on a network file system. No message holds a password.
    """
    text = os.fspath(location)
    if "://" not in text:
        return _sqlite(text, mounts)
    try:
        url = make_url(re.sub(r"^postgres://", "postgresql://", text))
    except (ArgumentError, ValueError):
        # Neither the text nor the parser's words: a password with `/` or `@` in it would show up in them.
        help = "percent-encode special characters of user name and password"
        raise RegistryError(f"the registry's URL cannot be read: {_EXPECTED}", help=help) from None
    match url.get_backend_name():
        case "sqlite":
            if not url.database or url.database.startswith(("file:", ":memory:")) or url.query:
                raise RegistryError("a SQLite registry needs a file: expected sqlite:///PATH without options")
            return _sqlite(url.database, mounts)
        case "postgresql":
            # SQLAlchemy's own choice is the driver's predecessor, which mlopsc does not install.
            return url.set(drivername=_DRIVER) if "+" not in url.drivername else url
        case other:
            raise RegistryError(f"a registry cannot be kept in {other!r}: {_EXPECTED}")


def network_mount(path: Path, mounts: Callable[[], tuple[Mount, ...]] = read_mounts) -> Mount | None:
    """Return the network file system that a path, links resolved, is on; None when it is on one of this machine."""
    place = path.resolve()
    # Of several mounts over one point the last is what shows.
    over = [mount for mount in reversed(mounts()) if place.is_relative_to(mount.point)]
    mount = max(over, key=lambda mount: len(mount.point.parts), default=None)
    return mount if mount and _NETWORK.fullmatch(mount.type) else None


def redacted(url: URL) -> str:
    """Return the URL as it may be shown."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    shown = url.set(drivername=url.get_backend_name()).difference_update_query(_SECRET_OPTIONS)
    return shown.render_as_string(hide_password=True)


def scrub(url: URL, message: str) -> str:
    """Return a driver's message without the passwords of the URL."""
    secrets = [url.password, *(url.query.get(name) for name in _SECRET_OPTIONS)]
    for secret in secrets:
        if secret:
            message = message.replace(str(secret), "***")
    return message


def _sqlite(text: str, mounts: Callable[[], tuple[Mount, ...]]) -> URL:
    path = Path(text).resolve()
    if path.is_dir():
        raise RegistryError(
            f"the registry {path} is a folder: expected a file", help=f"use {path}/registry.db"
        )
    if (mount := network_mount(path, mounts)) is not None:
        raise RegistryError(
            f"the registry {path} is on a network file system ({mount.type} at {mount.point}), "
            "where SQLite's locks do not hold and promotions can be lost",
            help="keep the file on a local disk, or use PostgreSQL: postgresql://USER@HOST/DATABASE",
        )
    return URL.create("sqlite", database=str(path))


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), field)
