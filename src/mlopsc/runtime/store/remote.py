"""A store on any fsspec URL, with local copies of what was downloaded."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import StoreError, StoreUnreachable
from mlopsc.runtime.atomic import cannot_write, create, discard, make_folder, temporary_path
from mlopsc.runtime.store.copies import Copies
from mlopsc.runtime.store.digests import CHUNK, blob_name, digest_of_file
from mlopsc.runtime.store.entries import Entry, changed_at
from mlopsc.runtime.store.protocols import S3, Protocol, explain, lacks_bucket, unfinished_uploads

_YOUNG = 43_200.0
"""Seconds for which a blob need not be put again; a collection leaves what is less than twice as old."""


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """The folder `root` of an fsspec file system `fs`; `copies` are verified when they arrive."""

    fs: Any
    root: str
    place: str
    protocol: Protocol
    copies: Copies

    @classmethod
    def open(cls, url: str, cache: Path) -> "RemoteFiles":
        """Connect to `url`; raises StoreError when no installed fsspec implementation serves its protocol."""
        import fsspec

        place = _without_password(url)
        protocol = Protocol.of(url)
        if fault := protocol.fault(url):
            raise StoreError(f"cannot open the store {place}: {fault}")
        try:
            fs, root = fsspec.core.url_to_fs(url, **protocol.options)
        except (ImportError, ValueError) as error:
            raise StoreError(f"cannot open the store {place}: {error}", help=protocol.install) from error
        return cls(fs, root.rstrip("/"), place, protocol, Copies.open(cache))

    def put(self, path: Path, *, move: bool) -> str:
        """Upload a file unless the store has it; the local copy stays."""
        digest = self.copies.put(path, move=move)
        local = self.copies.path(digest)
        if self.size(digest) != local.stat().st_size or not self.renew(digest):
            self._upload(local, blob_name(digest))
        return digest

    def fetch(self, digest: str) -> Path:
        """Return a verified local copy; a remote blob found damaged is removed: the next put heals it."""
        if (copy := self.copies.find(digest)) is not None:
            return copy
        found = self._download(digest)
        if found != digest and (found := self._download(digest)) != digest:  # not damaged on the way here
            with contextlib.suppress(StoreError, FileNotFoundError):
                self._call("remove", digest, self.fs.rm_file, self._path(blob_name(digest)))
            raise StoreError(
                f"{digest} is damaged: {self.place} held {found} in its place",
                help="run again: the step that made it re-runs",
            )
        return self.copies.path(digest)

    def damage(self, digest: str, *, reread: bool, consumed: bool = False) -> str | None:
        """Say what is wrong with a blob; only `reread` or `consumed` read it, else it must merely exist."""
        if self.size(digest) is None:
            return f"is missing from the store {self.place}"
        if not reread and not consumed:
            return None
        state = hashlib.sha256()
        with self._call("read", digest, self.fs.open, self._path(blob_name(digest)), "rb") as file:
            while chunk := self._call("read", digest, file.read, CHUNK):
                state.update(chunk)
        found = f"sha256:{state.hexdigest()}"
        return None if found == digest else f"is damaged: {self.place} holds {found}"

    def size(self, digest: str) -> int | None:
        """Return the blob's bytes, None when there is no such blob."""
        try:
            found = self._call("read", digest, self.fs.info, self._path(blob_name(digest)))
        except FileNotFoundError:
            return None
        return None if found.get("type") == "directory" else int(found["size"])

    def renew(self, digest: str) -> bool:
        """Whether the blob is there, and young enough for no collection to take it soon; else put it once more."""
        try:
            found = self._call("read", digest, self.fs.info, self._path(blob_name(digest)))
        except FileNotFoundError:
            return False
        now = time.time()
        return changed_at(found, now) > now - _YOUNG

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
        if self.protocol.whole:
            self._write(name, self.fs.pipe_file, self._path(name), data)
            return
        temporary = temporary_path(self.copies.root / "tmp")
        try:
            make_folder(temporary.parent)
            create(temporary, data)
            self._upload(temporary, name)
        except OSError as error:
            raise cannot_write(temporary, error) from error
        finally:
            discard(temporary)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of the JSON documents below `folder`, sorted."""
        yield from (name for name in self._find(folder) if name.endswith(".json"))

    def entries(self, folder: str) -> Iterator[Entry]:
        """Yield what stands below `folder`; where times are not told, all of it is as new."""
        now = time.time()
        for path, found in self._listed(folder).items():
            yield Entry(path[len(self.root) + 1 :], int(found["size"]), changed_at(found, now))

    def remove(self, name: str) -> None:
        """Remove a blob or document; that it is gone already is fine. Raises StoreError."""
        with contextlib.suppress(FileNotFoundError):
            self._call("remove", name, self.fs.rm_file, self._path(name))

    def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        """Remove what kills left unfinished among the copies and of uploads in parts; return how many."""
        swept = self.copies.sweep(older_than, dry_run=dry_run)
        if self.protocol.scheme in S3:
            for bucket, key, upload in self._call(
                "read", "uploads", unfinished_uploads, self.fs, self.root, older_than
            ):
                if not dry_run:
                    self._call("abort the upload of", key, self.fs.abort_mpu, bucket, key, upload)
                swept += 1
        return swept

    def _download(self, digest: str) -> str:
        """Fetch a blob and return the digest of what arrived; a copy is kept when it is the right one."""
        temporary = temporary_path(self.copies.root / "tmp")
        try:
            make_folder(temporary.parent)
            self._call("read", digest, self.fs.get_file, self._path(blob_name(digest)), str(temporary))
            found = digest_of_file(temporary)
            if found == digest:
                self.copies.put(temporary, move=True)
            return found
        except FileNotFoundError:
            raise
        except OSError as error:
            raise cannot_write(temporary, error) from error
        finally:
            discard(temporary)

    def _upload(self, local: Path, name: str) -> None:
        final = self._path(name)
        if self.protocol.whole:
            self._write(name, self.fs.put_file, str(local), final)
            return
        target = self._path(f"tmp/{os.urandom(8).hex()}")
        self._write(name, self.fs.makedirs, target.rsplit("/", 1)[0], exist_ok=True)
        self._write(name, self.fs.put_file, str(local), target)
        self._write(name, self.fs.makedirs, final.rsplit("/", 1)[0], exist_ok=True)
        self._write(name, self.fs.mv, target, final)

    def _find(self, folder: str) -> list[str]:
        return sorted(path[len(self.root) + 1 :] for path in self._listed(folder))

    def _listed(self, folder: str) -> dict[str, dict[str, Any]]:
        try:
            found = self._call("read", folder, self.fs.find, self._path(folder), detail=True)
        except FileNotFoundError:
            return {}
        return dict(sorted(found.items()))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _write(self, name: str, function: Any, *arguments: Any, **options: Any) -> None:
        try:
            self._call("write", name, function, *arguments, **options)
        except FileNotFoundError as error:
            raise self._absent() from error

    def _call(self, verb: str, what: str, function: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except FileNotFoundError as error:
            if lacks_bucket(error):
                raise self._absent() from error
            raise
        except Exception as error:  # every implementation raises its own client's exceptions
            words, help = explain(error)
            raise StoreUnreachable(f"cannot {verb} {what} in {self.place}: {words}", help=help) from error

    def _absent(self) -> StoreUnreachable:
        return StoreUnreachable(
            f"the store {self.place} is not there: no such bucket or folder",
            help="make it, or correct the URL: mlopsc makes folders below it, but no bucket",
        )


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
