"""Content-addressed artifacts: a file is named by the digest of its bytes and never changes.

    blobs/ab/<hex>            the content, read-only
    actions/ab/<key>.json     what an action made; written after its blobs (see `mlopsc.runtime.actions`)
    pins/ab/<hex>.json        which artifacts a registered version needs for good
    tracking/                 what a tracking server is told, or was (see `mlopsc.runtime.tracking.queue`)
    identities                which files were seen to hold their content (local stores)
    tmp/                      files in the making
    lock                      held by those who use a local store, and by a collection alone

The store is a local folder, or any fsspec URL. Nothing partial is ever visible: a kill, a full disk or a
power cut leaves the old state or the new one.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.atomic import cannot_write, create, discard, make_folder, temporary_path
from mlopsc.runtime.store.digests import blob_name, digest_of_bytes, digest_of_file, hex_of
from mlopsc.runtime.store.entries import Entry
from mlopsc.runtime.store.exclusion import guard
from mlopsc.runtime.store.local import LocalFiles

if TYPE_CHECKING:
    from mlopsc.runtime.store.copies import Copies

__all__ = [
    "Entry",
    "Fault",
    "Store",
    "blob_name",
    "canonical_json",
    "digest_of_bytes",
    "digest_of_file",
    "hex_of",
]

_DAY = 86_400.0


class Files(Protocol):
    """Where a store keeps its blobs and documents: `LocalFiles` or `RemoteFiles`."""

    @property
    def place(self) -> str: ...
    def put(self, path: Path, *, move: bool) -> str: ...
    def fetch(self, digest: str) -> Path: ...
    def damage(self, digest: str, *, reread: bool, consumed: bool = False) -> str | None: ...
    def size(self, digest: str) -> int | None: ...
    def digests(self) -> Iterator[str]: ...
    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, data: bytes, *, durable: bool) -> None: ...
    def names(self, folder: str) -> Iterator[str]: ...
    def sweep(self, older_than: float, *, dry_run: bool) -> int: ...
    def renew(self, digest: str) -> bool: ...
    def entries(self, folder: str) -> Iterator[Entry]: ...
    def remove(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a store should not hold: `what` is wrong with the file `where`."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Store:
    """Blobs by digest and JSON documents by name."""

    files: Files
    work: Path
    """A local folder on the file system of the store, where `put_bytes` and steps may prepare files."""

    @classmethod
    def open(cls, location: str | Path, *, cache: Path | None = None) -> "Store":
        """Open the store at a local path or an fsspec URL; nothing is written until something is put.

        `cache` holds the downloads of a remote store; by default a folder under `$XDG_CACHE_HOME` or
        `~/.cache`. Raises StoreError when the URL's protocol has no installed implementation.
        """
        text = str(location)
        if "://" not in text or text.startswith("file://"):
            root = Path(text.removeprefix("file://")).absolute()
            return cls(LocalFiles.open(root), root / "tmp")
        from mlopsc.runtime.store.remote import RemoteFiles

        folder = cache or _caches() / hex_of(digest_of_bytes(text.encode()))[:16]
        return cls(RemoteFiles.open(text, folder.absolute()), folder.absolute() / "tmp")

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine, where a write takes no time to speak of."""
        return isinstance(self.files, LocalFiles)

    def put_file(self, path: Path, *, move: bool = False) -> str:
        """Store a regular file and return its digest; with `move` the file is gone from `path` afterwards.

        A blob that is there but damaged is replaced. Raises StoreError when it cannot be read or stored.
        """
        return self.files.put(path, move=move)

    def put_bytes(self, data: bytes) -> str:
        """Store `data` and return its digest."""
        digest = digest_of_bytes(data)
        if self.size(digest) == len(data) and self.files.renew(digest):
            return digest
        temporary = temporary_path(self.work)
        try:
            make_folder(self.work)
            create(temporary, data)
            return self.files.put(temporary, move=True)
        except OSError as error:
            raise cannot_write(temporary, error) from error
        finally:
            discard(temporary)

    def get_path(self, digest: str) -> Path:
        """Return a local, read-only file with this content, verified by digest once in each process.

        Raises StoreError when the blob is missing or damaged.
        """
        try:
            return self.files.fetch(digest)
        except FileNotFoundError as error:
            raise StoreError(f"{digest} is missing from the store {self.files.place}") from error

    def exists(self, digest: str) -> bool:
        """Whether a blob of this name is there, whatever it holds."""
        return self.files.size(digest) is not None

    def damage(self, digest: str) -> str | None:
        """Say cheaply (file identity and size) why the blob cannot be reused; None when it can."""
        return self.files.damage(digest, reread=False)

    def verify(self, digest: str) -> bool:
        """Whether the blob is there and every byte is as its digest says."""
        return self.files.damage(digest, reread=True) is None

    def size(self, digest: str) -> int | None:
        """Return the blob's bytes, None when there is no such blob."""
        return self.files.size(digest)

    def read_document(self, name: str) -> Any:
        """Return the JSON value of a document, None when there is none; StoreError when it is damaged."""
        data = self.files.read(name)
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError as error:
            raise StoreError(f"{name} in {self.files.place} is damaged: {error}") from error

    def write_document(self, name: str, value: Any, *, durable: bool = True) -> None:
        """Replace a document by the canonical JSON of `value`."""
        self.files.write(name, canonical_json(value), durable=durable)

    def doctor(self) -> list[Fault]:
        """Hash every blob and read every document; return what is wrong, nothing when the store is sound.

        Unfinished files that a kill left behind are no fault: `sweep` removes them.
        """
        faults: list[Fault] = []
        blobs = set(self.files.digests())
        for digest in sorted(blobs):
            try:
                damage = self.files.damage(digest, reread=True)
            except StoreError as error:
                damage = str(error)
            if damage is not None:
                faults.append(Fault(f"blobs/{digest[7:9]}/{digest[7:]}", damage))
        for name in (*self.files.names("actions"), *self.files.names("pins")):
            faults.extend(Fault(name, what) for what in self._document_faults(name, blobs))
        return faults

    def _document_faults(self, name: str, blobs: set[str]) -> Iterator[str]:
        try:
            record = self.read_document(name)
        except StoreError:
            yield "is not JSON"
            return
        if name.startswith(("actions/latest/", "pins/")):
            return
        if not isinstance(record, dict) or f"{record.get('key')}.json" != name.rsplit("/", 1)[1]:
            yield "does not hold the action that its name says"
            return
        for port, digest in record.get("outputs", {}).items():
            if digest not in blobs:
                yield f"output {port!r} is missing: {digest}"

    @property
    def copies(self) -> "Copies | None":
        """The local copies of a remote store."""
        return None if isinstance(self.files, LocalFiles) else getattr(self.files, "copies", None)

    def guard(self, *, exclusive: bool = False) -> AbstractContextManager[None]:
        """Hold a local store while using what is there already, or alone while collecting; raises StoreError."""
        files = self.files
        return guard(files.root, exclusive=exclusive) if isinstance(files, LocalFiles) else nullcontext()

    def sweep(self, *, older_than: float = _DAY, dry_run: bool = False) -> int:
        """Remove files that kills left unfinished more than so many seconds ago; return how many there were."""
        return self.files.sweep(older_than, dry_run=dry_run)


def _caches() -> Path:
    """Return the folder of all remote stores' copies; a temporary one for a user without a home."""
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "mlopsc"
    try:
        return Path.home() / ".cache" / "mlopsc"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"mlopsc-{os.getuid()}"


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no blanks, UTF-8, a newline at the end.

    Raises ValueError for NaN and infinities, TypeError for what JSON cannot hold.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"
