"""A store in a local folder: read-only blobs, each appearing by one rename."""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.atomic import (
    cannot_write,
    commit_file,
    discard,
    is_plain_file,
    make_folder,
    temporary_path,
    write_all,
    write_bytes,
)
from mlopsc.runtime.store.digests import CHUNK, blob_name, digest_of_file
from mlopsc.runtime.store.entries import Entry
from mlopsc.runtime.store.exclusion import guard
from mlopsc.runtime.store.identities import Identities, Identity

_BACKDATED = 2_000_000_000  # ns: a write within the same clock tick still changes the modification time
_TOUCHED = 600.0  # seconds for which a blob counts as used just now


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """The folder `root`: `blobs/`, documents by name, `tmp/` for files in the making, `identities`."""

    root: Path
    identities: Identities

    @classmethod
    def open(cls, root: Path) -> "LocalFiles":
        """Open the folder, which need not exist yet."""
        return cls(root, Identities(root / "identities"))

    @property
    def place(self) -> str:
        """How messages name this store."""
        return str(self.root)

    def put(self, path: Path, *, move: bool) -> str:
        """Take in a file; with `move` it is renamed into the store where that is possible."""
        temporary = path
        try:
            make_folder(self.root / "tmp")
            if move and is_plain_file(path) and path.stat().st_dev == self.root.stat().st_dev:
                digest = digest_of_file(path)
            else:
                temporary = temporary_path(self.root / "tmp")
                digest = _copy(path, temporary)
            self._commit(temporary, digest)
        except OSError as error:
            raise _said(error, path, self.root) from error
        finally:
            if temporary != path:
                discard(temporary)
        if move:
            discard(path)
        return digest

    def _commit(self, temporary: Path, digest: str) -> None:
        final = self.root / blob_name(digest)
        with guard(self.root, exclusive=False):
            if self.renew(digest):
                return
            make_folder(final.parent)
            temporary.chmod(0o444)
            then = time.time_ns() - _BACKDATED
            os.utime(temporary, ns=(then, then))
            commit_file(temporary, final)
        identity = Identity.of(final)
        if identity is not None:
            self.identities.note(digest, identity)

    def fetch(self, digest: str) -> Path:
        """Return the blob itself, read whole once by this process."""
        damage = self.damage(digest, reread=False, consumed=True)
        if damage is not None:
            raise StoreError(f"{digest} {damage}", help="run again without it: the step that made it re-runs")
        return self.root / blob_name(digest)

    def damage(self, digest: str, *, reread: bool, consumed: bool = False) -> str | None:
        """Say what is wrong with a blob; None when nothing is.

        A file that was seen whole before and whose identity has not changed since is trusted, unless
        `reread`; for content about to be `consumed` it must have been this process that saw it.
        """
        path = self.root / blob_name(digest)
        identity = Identity.of(path)
        if identity is None:
            return f"is missing from the store {self.root}"
        seen = self.identities.hashed_here if consumed else self.identities.knows
        if not reread and seen(digest, identity):
            return None
        try:
            found = digest_of_file(path)
        except OSError as error:
            return f"cannot be read from {path}: {error.strerror}"
        if found != digest:
            return f"is damaged: {path} holds {found}"
        self.identities.note(digest, identity)
        return None

    def touch(self, digest: str) -> None:
        """Make the blob's change time, which tells its last use, that of now; only of one that was seen whole."""
        path = self.root / blob_name(digest)
        before = Identity.of(path)
        if before is None or before.changed > time.time_ns() - _TOUCHED * 1e9:
            return
        seen_here = self.identities.hashed_here(digest, before)
        if not seen_here and not self.identities.knows(digest, before):
            return
        with contextlib.suppress(OSError):  # a store that cannot be written to
            os.utime(path, ns=(time.time_ns(), before.modified))
        after = Identity.of(path)
        if after is not None and replace(after, changed=before.changed) == before:
            self.identities.note(digest, after, hashed=seen_here)

    def renew(self, digest: str) -> bool:
        """Whether the blob can be reused, by file identity and size; it then counts as used just now."""
        with guard(self.root, exclusive=False):
            if self.damage(digest, reread=False) is not None:
                return False
            self.touch(digest)
        return True

    def size(self, digest: str) -> int | None:
        """Return the blob's bytes, None when there is no such blob."""
        identity = Identity.of(self.root / blob_name(digest))
        return None if identity is None else identity.size

    def digests(self) -> Iterator[str]:
        """Yield what the blobs are named after, sorted."""
        for path in sorted((self.root / "blobs").glob("??/*")):
            yield f"sha256:{path.name}"

    def read(self, name: str) -> bytes | None:
        """Return a document, None when there is none."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self.root / name}: {error.strerror}") from error

    def write(self, name: str, data: bytes, *, durable: bool) -> None:
        """Replace a document."""
        write_bytes(self.root / name, data, durable=durable)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of the JSON documents below `folder`, sorted."""
        for path in sorted((self.root / folder).rglob("[!.]*.json")):
            yield path.relative_to(self.root).as_posix()

    def entries(self, folder: str) -> Iterator[Entry]:
        """Yield what stands below `folder`; nothing when it is not there."""
        for path in sorted((self.root / folder).rglob("[!.]*")):
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                found = path.stat()
                if path.is_file():
                    yield Entry(path.relative_to(self.root).as_posix(), found.st_size, found.st_ctime)

    def remove(self, name: str) -> None:
        """Remove a blob or document; that it is gone already is fine. Raises StoreError."""
        try:
            (self.root / name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot remove {self.root / name}: {error.strerror}") from error

    def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        """Remove what kills left unfinished, when it is older than so many seconds; return how many files."""
        limit, swept = time.time() - older_than, 0
        for path in [*self.root.glob("tmp/*"), *self.root.rglob(".tmp-*")]:
            with contextlib.suppress(OSError):
                if path.stat().st_ctime <= limit:
                    if not dry_run:
                        path.unlink()
                    swept += 1
        return swept


def _copy(source: Path, target: Path) -> str:
    """Copy a regular file and return the digest of what was copied."""
    if not source.is_file():
        raise StoreError(f"cannot store {source}: expected a regular file")
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with source.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                write_all(descriptor, chunk)
    finally:
        os.close(descriptor)
    return f"sha256:{digest.hexdigest()}"


def _said(error: OSError, path: Path, root: Path) -> StoreError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and not path.exists():
        return StoreError(f"cannot store {path}: there is no such file")
    return cannot_write(root, error)
