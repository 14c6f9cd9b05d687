"""Where the data of a new project are: as the user names them, and as the spec shall."""

import glob
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import nearest

LARGE = 100_000_000
"""Bytes from which on a file is left where it is."""
FOLDER = "data"


@dataclass(frozen=True)
class Place:
    """A file, some files, or a URL."""

    origin: str
    """As the user wrote it."""
    path: str
    """For the spec: relative to its folder, or a URL."""
    here: str
    """For a look from anywhere: a URL, of an absolute path where it is local."""
    copied: Path | None = None
    """The file that is to be copied to `path`."""


def find_place(origin: str, folder: Path, *, copy: bool | None = None) -> Place:
    """Return where the data are, for a spec in `folder`.

    What lies below the folder is named by its relative path. A file from elsewhere is copied into `data/`, unless it
    is large or `copy` says no: then a `file://` URL names it, for a spec may not lead out of its folder by `..`.
    Raises UsageError when there is nothing of that name, or something else has the copy's name.
    """
    if "://" in origin:
        return Place(origin, origin, origin)
    given = Path(origin).expanduser()
    absolute = Path(os.path.abspath(given))  # noqa: PTH100  (a glob or a link stays as it is)
    many = not absolute.is_file()
    if many and not (glob.has_magic(origin) and glob.glob(str(absolute), recursive=True)):  # noqa: PTH207
        raise _missing(origin, absolute)
    url = f"file://{absolute}"
    root = folder.resolve()
    real = absolute.parent.resolve() / absolute.name
    if real.is_relative_to(root) and (many or absolute.resolve().is_relative_to(root)):
        return Place(origin, real.relative_to(root).as_posix(), url)
    wanted = absolute.stat().st_size <= LARGE if copy is None and not many else bool(copy)
    if many and copy:
        raise UsageError(
            f"--copy: {origin} may be several files", help="copy them into the project's folder yourself"
        )
    if not wanted:
        return Place(origin, url, url)
    path = f"{FOLDER}/{absolute.name}"
    target = root / path
    if target.exists() and not _same(absolute, target):
        raise UsageError(f"{path} is there already and is another file", help="rename one, or say --no-copy")
    return Place(origin, path, url, None if target.exists() else absolute)


def _missing(origin: str, absolute: Path) -> UsageError:
    if absolute.is_dir():
        example = f"name a file, or files of one kind: '{origin.rstrip('/')}/*.parquet'"
        return UsageError(f"{origin} is a folder", help=example)
    names = [entry.name for entry in absolute.parent.iterdir()] if absolute.parent.is_dir() else []
    near = nearest(absolute.name, names)
    help = f"did you mean {os.path.join(os.path.dirname(origin), near)}?" if near else None  # noqa: PTH118, PTH120
    return UsageError(f"there is no file {origin}", help=help)


def _same(one: Path, other: Path) -> bool:
    if not other.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        return hashlib.file_digest(a, "sha256").digest() == hashlib.file_digest(b, "sha256").digest()
