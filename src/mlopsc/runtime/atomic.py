"""Files appear whole or not at all: temporary file, fsync, rename, fsync of the folder.

After any of these functions returns, the new content survives a power cut; killed at any point before, the
old content stands. What a kill leaves behind are temporary files, whose names start with `TEMPORARY`.
"""

import contextlib
import os
import stat
from pathlib import Path

from mlopsc.diagnostics.errors import StoreError

TEMPORARY = ".tmp-"
"""Names of unfinished files start with this, so that sweeping can tell them from content."""


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace the file at `path` by one that holds `data`; missing folders are made.

    With `durable=False` nothing is fsynced: whole or absent to every reader, but a power cut may lose it.
    Raises StoreError when the disk refuses (full, read-only, broken); then the old file stands.
    """
    temporary = temporary_path(path.parent)
    try:
        make_folder(path.parent)
        create(temporary, data)
        if durable:
            commit_file(temporary, path)
        else:
            os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        discard(temporary)
        raise cannot_write(path, error) from error
    except StoreError:
        discard(temporary)
        raise


def commit_file(temporary: Path, final: Path) -> None:
    """Give the finished file `temporary` its `final` name, on the same file system, durably.

    Raises StoreError when the disk refuses; then `temporary` may still exist and is the caller's to discard.
    """
    try:
        _fsync(temporary, os.O_RDONLY)
        os.replace(temporary, final)  # noqa: PTH105
        _fsync(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise cannot_write(final, error) from error


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)  # noqa: PTH102
        _fsync(folder.parent, os.O_RDONLY | os.O_DIRECTORY)


def temporary_path(folder: Path) -> Path:
    """Return an unused name in `folder` for a file in the making."""
    return folder / f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"


def create(path: Path, data: bytes) -> None:
    """Write a new file, neither atomically nor durably: for content that gets its name later."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte of `data`; `os.write` alone may stop early."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def discard(path: Path) -> None:
    """Remove an unfinished file; that it cannot be removed is no news."""
    with contextlib.suppress(OSError):
        path.unlink()


def cannot_write(path: Path, error: OSError) -> StoreError:
    """Say in one sentence which file the operating system refused, and why."""
    return StoreError(
        f"cannot write {path}: {error.strerror or error}",
        help="check free space and permissions, then run again: nothing partial was left in place",
    )


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_plain_file(path: Path) -> bool:
    """Whether `path` is a regular file under one name only: such a file may be renamed away safely."""
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1
