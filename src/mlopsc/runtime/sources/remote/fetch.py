"""Fetching what a URL names into a folder, byte by byte counted, unless it is known and has not changed."""

import glob
import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.bounds import require_few
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.remote.http import get
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.runtime.sources.remote.systems import NotReached, open_system
from mlopsc.vocabulary.policy import memory_bytes
from mlopsc.vocabulary.sources import Files

_CHUNK = 1 << 20
Validators = Mapping[str, str]
"""Name of a remote file → what changes whenever its bytes do: a strong ETag, a generation, a version."""


@dataclass(frozen=True)
class Fetched:
    """Files in a folder; `validators` is None when one of them has none."""

    files: tuple[SourceFile, ...]
    validators: Validators | None


def fetch(
    source: Files,
    folder: Path,
    options: Mapping[str, Any],
    reach: Reach,
    *,
    known: Validators | None = None,
) -> Fetched | None:
    """Fetch a source's files in the order of their names; None when they are `known` and have not changed.

    Raises MlopscError when there is none, a host may not be reached, more comes than the source's limits allow, or
    less than was announced.
    """
    room = _Room(source.path, memory_bytes(source.limits.download), source.limits.download)
    try:
        if source.path.partition("://")[0] in ("http", "https"):
            return _over_http(source.path, folder, options, reach, known, room)
        return _from_system(source, folder, options, reach, known, room)
    except MlopscError:
        raise
    except FileNotFoundError:
        raise MlopscError(f"no such file: {source.path!r}") from None
    except Exception as error:  # noqa: BLE001  (each file system raises its own)
        if (refusal := _refusal(error)) is not None:
            raise refusal from None
        # The cause's text may quote the options, and with them a secret.
        why = _WORDS.get(type(error)) or type(error).__name__
        raise MlopscError(
            f"cannot fetch {source.path!r}: {why}", help=_install(source.path) if _absent(error) else None
        ) from None


@dataclass
class _Room:
    """How many bytes may still come."""

    url: str
    left: int
    limit: str
    came: int = field(default=0)

    def copy(self, reader: Any, target: Path, announced: int | None) -> None:
        """Copy what is read to a file. Raises MlopscError for too much, or other than what was announced."""
        if announced is not None:
            self._require(announced)
        came = 0
        with target.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                came += len(chunk)
                self._require(came)
                writer.write(chunk)
        if announced is not None and came != announced:
            raise MlopscError(f"{self.url!r}: {came} of {announced} bytes came, then the connection ended")
        self.left -= came

    def _require(self, size: int) -> None:
        if size > self.left:
            raise MlopscError(
                f"{self.url!r} is more than {self.limit} bytes, the limit of a download",
                help="if that is meant, raise `limits: {download: …}` of the source",
            )


_WORDS: dict[type[Exception], str] = {
    TimeoutError: "the server did not answer in time",
    ConnectionRefusedError: "the connection was refused",
    ConnectionResetError: "the connection was reset",
    http.client.IncompleteRead: "the connection ended in the middle",
    http.client.RemoteDisconnected: "the server closed the connection without an answer",
}


def _over_http(
    url: str, folder: Path, options: Mapping[str, Any], reach: Reach, known: Validators | None, room: _Room
) -> Fetched | None:
    with get(url, options, reach, etag=(known or {}).get(url)) as answer:
        if answer.unchanged:
            return None
        target = folder / _name(0, url.partition("?")[0])
        room.copy(answer.response, target, answer.length)
        validators = None if answer.etag is None else {url: answer.etag}
    return Fetched((SourceFile(target, url),), validators)


def _from_system(
    source: Files,
    folder: Path,
    options: Mapping[str, Any],
    reach: Reach,
    known: Validators | None,
    room: _Room,
) -> Fetched | None:
    system, path = open_system(source.path, options, reach)
    paths = sorted(system.glob(path)) if glob.has_magic(path) else [path]
    if not paths:
        raise MlopscError(f"no file matches {source.path!r}")
    require_few(paths, source)
    about = {str(system.unstrip_protocol(remote)): system.info(remote) for remote in paths}
    found = {name: _validator(info) for name, info in about.items()}
    validators = None if None in found.values() else {name: str(value) for name, value in found.items()}
    if validators is not None and validators == known:
        return None
    files = []
    for number, (remote, (name, info)) in enumerate(zip(paths, about.items(), strict=True)):
        target = folder / _name(number, remote)
        with system.open(remote, "rb") as reader:
            room.copy(reader, target, info.get("size"))
        files.append(SourceFile(target, source.path if len(paths) == 1 else name))
    return Fetched(tuple(files), validators)


def _validator(info: Mapping[str, Any]) -> str | None:
    """Return what changes with a stored object's bytes: its version or generation, and its ETag."""
    parts = [str(info[key]) for key in ("VersionId", "generation", "ETag", "etag") if info.get(key)]
    return None if not parts else " ".join([*parts, str(info.get("size"))])


def _name(number: int, remote: str) -> str:
    """Return a file's name in the folder: its number, and the end of its own, which tells how it is compressed."""
    end = "".join(Path(remote).suffixes[-2:])[-20:]
    return f"{number:06d}{end if end.replace('.', '').isalnum() else ''}"


def _refusal(error: BaseException | None) -> MlopscError | None:
    """Return the refusal that a library has wrapped into its own errors."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, NotReached):
            return error.refusal
        error = error.__cause__ or error.__context__
    return None


def _absent(error: Exception) -> bool:
    return isinstance(error, ImportError)


def _install(url: str) -> str:
    protocol = url.partition("://")[0]
    extra = (
        "'mlopsc[s3]'" if protocol in ("s3", "s3a") else f"the file system that fsspec names for {protocol}"
    )
    return f"pip install {extra}" if protocol in ("s3", "s3a") else f"install {extra}"
