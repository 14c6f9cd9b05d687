"""Local copies of what a remote store holds: as many as fit; those that were used longest ago go first."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.store.digests import blob_name
from mlopsc.runtime.store.local import LocalFiles

SIZE_VARIABLE = "MLOPSC_STORE_CACHE_GB"
_DEFAULT_GB = 20.0
_IN_USE = 3600.0
"""Seconds after its last use for which a copy stays, whatever the limit: a step may be about to read it."""


@dataclass(slots=True)
class Copies:
    """The folder `files.root`; `limit` in bytes."""

    files: LocalFiles
    limit: int
    _added: int | None = field(default=None)
    """Bytes that are there, as far as this process knows; None before it has looked."""

    @classmethod
    def open(cls, folder: Path) -> "Copies":
        """Open the folder, which need not exist yet; raises StoreError when the size in the environment is none."""
        return cls(LocalFiles.open(folder), _limit())

    @property
    def root(self) -> Path:
        """The folder."""
        return self.files.root

    def path(self, digest: str) -> Path:
        """Return where the copy of a blob stands."""
        return self.root / blob_name(digest)

    def put(self, path: Path, *, move: bool) -> str:
        """Take a file in and return its digest; raises StoreError when it cannot be read or stored."""
        digest = self.files.put(path, move=move)
        self._added = self._total() if self._added is None else self._added + self.path(digest).stat().st_size
        if self._added > self.limit:
            self._added = self.trim()
        return digest

    def find(self, digest: str) -> Path | None:
        """Return the copy of a blob when it is there and whole, read once by this process."""
        if self.files.damage(digest, reread=False, consumed=True) is not None:
            return None
        self.files.touch(digest)
        return self.path(digest)

    def trim(self) -> int:
        """Remove copies until the rest fits; return its bytes."""
        found, now = [], time.time()
        for path in self.root.glob("blobs/??/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_ctime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for used, size, path in sorted(found):
            if total <= self.limit or used > now - _IN_USE:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
        return total

    def unused(self, seconds: float) -> Iterator[tuple[Path, int]]:
        """Yield the copies that were not used for so many seconds (never those just used), with their bytes."""
        limit = time.time() - max(seconds, _IN_USE)
        for path in sorted(self.root.glob("blobs/??/*")):
            with contextlib.suppress(OSError):
                status = path.stat()
                if status.st_ctime < limit:
                    yield path, status.st_size

    def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        """Remove what kills left unfinished more than so many seconds ago; return how many files."""
        return self.files.sweep(older_than, dry_run=dry_run)

    def _total(self) -> int:
        total = 0
        for path in self.root.glob("blobs/??/*"):
            with contextlib.suppress(OSError):
                total += path.stat().st_size
        return total


def _limit() -> int:
    text = os.environ.get(SIZE_VARIABLE)
    try:
        gigabytes = _DEFAULT_GB if text is None else float(text)
        if not 0 <= gigabytes < 1e9:
            raise ValueError
    except ValueError:
        raise StoreError(f"{SIZE_VARIABLE} is {text!r}: expected gigabytes, such as 20 or 0.5") from None
    return int(gigabytes * 1e9)
