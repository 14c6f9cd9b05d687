"""From a path, glob or URL to local files: found, kept inside the project, fetched where they are remote."""

import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.diagnostics.suggest import nearest
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.handles import Secrets, resolved
from mlopsc.vocabulary.sources import FileSource

_CHUNK = 1 << 20


@contextmanager
def located(source: FileSource, project: Path, secrets: Secrets) -> Iterator[list[SourceFile]]:
    """Give the source's files, in the order of their paths; what is remote is fetched and removed afterwards.

    Raises MlopscError when there is none, when a local path leads out of the project, or when a fetch fails.
    """
    if "://" not in source.path:
        yield _local(source.path, project)
    elif source.path.startswith("file://"):
        yield _found(source.path.removeprefix("file://"), Path("/"), source.path)
    else:
        with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
            yield _fetched(source, Path(folder), resolved(source.storage_options, secrets))


def fingerprint_files(source: FileSource, project: Path, secrets: Secrets) -> str:
    """Return `sha256:…` of the content of the source's files in their order.

    Of a single file it is the file's own digest. Raises MlopscError as `located` does.
    """
    with located(source, project, secrets) as files:
        digests = [_digest(file.path) for file in files]
    if len(digests) == 1:
        return f"sha256:{digests[0]}"
    return "sha256:" + hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _local(path: str, project: Path) -> list[SourceFile]:
    files = _found(path, project, path)
    root = project.resolve()
    for file in files:
        if not file.path.resolve().is_relative_to(root):
            raise MlopscError(
                f"{file.label} leads out of the project folder",
                help=f"name it by a URL if that is meant: file://{file.path.resolve()}",
            )
        if not os.access(file.path, os.R_OK):
            raise MlopscError(f"{file.label!r} cannot be read: permission denied")
    return files


def _found(path: str, base: Path, written: str) -> list[SourceFile]:
    target = base / path
    if target.is_file():
        return [SourceFile(target, written)]
    if glob.has_magic(path):
        matches = sorted(Path(match) for match in glob.glob(str(target), recursive=True))  # noqa: PTH207
        files = [SourceFile(match, os.path.relpath(match, base)) for match in matches if match.is_file()]
        if files:
            return files
        raise MlopscError(f"no file matches {written!r} in {base.name or base}")
    if target.is_dir():
        raise MlopscError(f"{written!r} is a folder", help=f"name its files: {written.rstrip('/')}/*")
    raise MlopscError(f"no such file: {written!r}", help=_near(target, written))


def _near(target: Path, written: str) -> str | None:
    folder = target.parent
    if not folder.is_dir():
        return f"the folder {os.path.dirname(written) or '.'!r} does not exist"  # noqa: PTH120
    names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    name = nearest(target.name, names)
    if name is None:
        name = next((other for other in sorted(names) if Path(other).stem == target.stem), None)
    return None if name is None else f"did you mean {written[: len(written) - len(target.name)] + name!r}?"


def _fetched(source: FileSource, folder: Path, options: Mapping[str, Any]) -> list[SourceFile]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(source.path, **options)
        paths = sorted(system.glob(path)) if glob.has_magic(path) else [path]
        if not paths:
            raise MlopscError(f"no file matches {source.path!r}")
        files = []
        for number, remote in enumerate(paths):
            label = source.path if len(paths) == 1 else system.unstrip_protocol(remote)
            target = folder / f"{number:06d}-{Path(remote).name}"
            with system.open(remote, "rb") as reader, target.open("wb") as writer:
                shutil.copyfileobj(reader, writer, _CHUNK)
            files.append(SourceFile(target, label))
    except MlopscError:
        raise
    except FileNotFoundError as error:
        raise MlopscError(f"no such file: {source.path!r}") from error
    except Exception as error:  # noqa: BLE001  (each file system raises its own)
        # The cause's text may quote the options, and with them a secret.
        raise MlopscError(f"cannot fetch {source.path!r}: {type(error).__name__}") from None
    return files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
