"""A store on any fsspec URL, with a local folder that keeps what was downloaded."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.atomic import create, discard, make_folder, temporary_path
from mlopsc.runtime.store.digests import CHUNK, blob_name, digest_of_file
from mlopsc.runtime.store.local import LocalFiles

_WHOLE_OBJECTS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory"})
"""Protocols where an upload appears whole or not at all; elsewhere it is uploaded aside and renamed."""


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """The folder `root` of an fsspec file system `fs`; `cache` holds downloads, each verified on arrival."""

    fs: Any
    root: str
    place: str
    cache: LocalFiles

    @classmethod
    def open(cls, url: str, cache: Path) -> "RemoteFiles":
        """Connect to `url`; raises StoreError when no installed fsspec implementation serves its protocol."""
        import fsspec

        try:
            fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StoreError(
                f"cannot open the store {_without_password(url)}: {error}",
                help="install the fsspec implementation of this protocol, e.g. s3fs or gcsfs",
            ) from error
        return cls(fs, root.rstrip("/"), _without_password(url), LocalFiles.open(cache))

    def put(self, path: Path, *, move: bool) -> str:
        """Upload a file unless the store has it; the local copy goes to the cache."""
        digest = self.cache.put(path, move=move)
        local = self.cache.fetch(digest)
        if self.size(digest) != local.stat().st_size:
            self._upload(local, blob_name(digest))
        return digest

    def fetch(self, digest: str) -> Path:
        """Return a verified local copy; a remote blob found damaged is removed: the next put heals it."""
        if self.cache.damage(digest, reread=False, consumed=True) is None:
            return self.cache.root / blob_name(digest)
        temporary = temporary_path(self.cache.root / "tmp")
        make_folder(temporary.parent)
        try:
            self._call("read", digest, self.fs.get_file, self._path(blob_name(digest)), str(temporary))
            found = digest_of_file(temporary)
            if found != digest:
                self._call("remove", digest, self.fs.rm_file, self._path(blob_name(digest)))
                raise StoreError(f"{digest} is damaged: {self.place} held {found} in its place")
            self.cache.put(temporary, move=True)
        finally:
            discard(temporary)
        return self.cache.root / blob_name(digest)

    def damage(self, digest: str, *, reread: bool, consumed: bool = False) -> str | None:
        """Say what is wrong with a blob; only `reread` or `consumed` read it, else it must merely exist."""
        if self.size(digest) is None:
            return f"is missing from the store {self.place}"
        if not reread and not consumed:
            return None
        state = hashlib.sha256()
        with self._call("read", digest, self.fs.open, self._path(blob_name(digest)), "rb") as file:
            while chunk := file.read(CHUNK):
                state.update(chunk)
        found = f"sha256:{state.hexdigest()}"
        return None if found == digest else f"is damaged: {self.place} holds {found}"

    def size(self, digest: str) -> int | None:
        """Return the blob's bytes, None when there is no such blob."""
        try:
            found = self._call("read", digest, self.fs.info, self._path(blob_name(digest)))
        except FileNotFoundError:
            return None
        return int(found["size"])

    def digests(self) -> Iterator[str]:
        """Yield what the blobs are named after, sorted."""
        for name in self._find("blobs"):
            yield f"sha256:{name.rsplit('/', 1)[1]}"

    def read(self, name: str) -> bytes | None:
        """Return a document, None when there is none."""
        try:
            return bytes(self._call("read", name, self.fs.cat_file, self._path(name)))
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes, *, durable: bool) -> None:  # noqa: ARG002
        """Replace a document."""
        make_folder(self.cache.root / "tmp")
        temporary = temporary_path(self.cache.root / "tmp")
        try:
            create(temporary, data)
            self._upload(temporary, name)
        finally:
            discard(temporary)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of the JSON documents below `folder`, sorted."""
        yield from (name for name in self._find(folder) if name.endswith(".json"))

    def sweep(self, older_than: float) -> int:
        """Remove what kills left unfinished in the cache; return how many files."""
        return self.cache.sweep(older_than)

    def _upload(self, local: Path, name: str) -> None:
        final = self._path(name)
        protocols = {self.fs.protocol} if isinstance(self.fs.protocol, str) else set(self.fs.protocol)
        aside = not protocols & _WHOLE_OBJECTS
        target = self._path(f"tmp/{os.urandom(8).hex()}") if aside else final
        self._call("write", name, self.fs.makedirs, target.rsplit("/", 1)[0], exist_ok=True)
        self._call("write", name, self.fs.put_file, str(local), target)
        if aside:
            self._call("write", name, self.fs.makedirs, final.rsplit("/", 1)[0], exist_ok=True)
            self._call("write", name, self.fs.mv, target, final)

    def _find(self, folder: str) -> list[str]:
        found = self._call("read", folder, self.fs.find, self._path(folder))
        return sorted(path[len(self.root) + 1 :] for path in found)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _call(self, verb: str, what: str, function: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except FileNotFoundError:
            raise
        except Exception as error:  # every implementation raises its own client's exceptions
            raise StoreError(f"cannot {verb} {what} in {self.place}: {error}") from error


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
