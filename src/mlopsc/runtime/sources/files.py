"""From a path, glob or URL to local files: found, kept inside the project, fetched where they are remote."""

import glob
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.diagnostics.suggest import nearest
from mlopsc.runtime.sources.bounds import require_few
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.handles import Secrets, resolved
from mlopsc.runtime.sources.remote.reach import PUBLIC, Reach
from mlopsc.runtime.sources.unpacking import plain_text
from mlopsc.vocabulary.sources import Files
from mlopsc.vocabulary.versions import SourceVersion


@contextmanager
def located(
    source: Files,
    project: Path,
    secrets: Secrets,
    *,
    reach: Reach = PUBLIC,
    seen: str | None = None,
    head: int | None = None,
) -> Iterator[list[SourceFile]]:
    """Give the source's files, in the order of their paths; text is unpacked.

    What is remote is fetched, from where `reach` allows, and removed afterwards; bytes of the fingerprint `seen`, if
    they are held, are taken instead. `head` is for a look: of text that is unpacked, about so many bytes. Raises
    MlopscError when there is none, a local path leads out of the project, a fetch fails or a limit is passed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="mlopsc-") as folder,
        _as_they_are(source, project, secrets, reach, seen, Path(folder), look=head is not None) as files,
    ):
        yield plain_text(source, files, Path(folder), head=head)


def fingerprint_files(
    source: Files, project: Path, secrets: Secrets, *, reach: Reach = PUBLIC, seen: str | None = None
) -> str:
    """Return `sha256:…` of the content of the source's files in their order; of a single file, its own digest.

    Remote files are fetched, and held for `located`, unless the server vouches that they are what was fetched before.
    `seen` is the fingerprint that a step was prepared with: what it read is what was held, so there is no need to
    look again. Raises MlopscError as `located` does.
    """
    if not is_remote(source.path):
        with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
            return _fingerprint(_here(source, project, Path(folder)))
    from mlopsc.runtime.sources.remote.fetch import fetch
    from mlopsc.runtime.sources.remote.held import Held

    held = Held.of(source, project)
    note = held.note()
    if seen is not None and note is not None and note.fingerprint == seen:
        return seen
    with tempfile.TemporaryDirectory(prefix="mlopsc-") as folder:
        options = resolved(source.storage_options, secrets)
        fetched = fetch(source, Path(folder), options, reach, known=note.validators if note else None)
        if fetched is None:
            assert note is not None, "nothing is known without a note"
            return note.fingerprint
        fingerprint = _fingerprint(fetched.files)
        held.keep(fetched, fingerprint)
    return fingerprint


def file_version(source: Files, project: Path) -> SourceVersion | None:
    """Return the commit of a revision, else the md5 that DVC tracks of all the files; raises MlopscError."""
    if source.revision is not None:
        from mlopsc.runtime.sources.history import commit_of

        return SourceVersion(kind="git", id=commit_of(project, source.revision))
    if "://" in source.path:
        return None
    from mlopsc.runtime.sources.tracking import tracked_md5

    md5 = tracked_md5(_local(source.path, project))
    return None if md5 is None else SourceVersion(kind="dvc", id=md5)


def is_remote(path: str) -> bool:
    """Whether a path is a URL of another machine's."""
    return "://" in path and not path.startswith("file://")


@contextmanager
def _as_they_are(
    source: Files,
    project: Path,
    secrets: Secrets,
    reach: Reach,
    seen: str | None,
    folder: Path,
    *,
    look: bool,
) -> Iterator[Sequence[SourceFile]]:
    if not is_remote(source.path):
        yield _here(source, project, folder, look=look)
        return
    from mlopsc.runtime.sources.remote.fetch import fetch
    from mlopsc.runtime.sources.remote.held import Held

    held = Held.of(source, project)
    files: Sequence[SourceFile] | None = None if seen is None else held.take(seen, folder)
    if files is None:
        fetched = fetch(source, folder, resolved(source.storage_options, secrets), reach)
        assert fetched is not None, "nothing is known"
        files = fetched.files
        if seen is not None and _fingerprint(files) != seen:
            held.forget()
    yield files
    if seen is not None:
        held.put_away(seen)


def _here(source: Files, project: Path, folder: Path, *, look: bool = False) -> list[SourceFile]:
    """Find local files. A `look` neither fetches nor checks them: it may be short, and away from any network."""
    if source.revision is not None:
        from mlopsc.runtime.sources.history import files_at

        files = files_at(source.path, source.revision, project, folder, pull=source.dvc.pull and not look)
    elif source.path.startswith("file://"):
        files = _found(source.path.removeprefix("file://"), Path("/"), source.path)
    else:
        files = _of_project(source, project, look=look)
    require_few(files, source)
    return files


def _of_project(source: Files, project: Path, *, look: bool) -> list[SourceFile]:
    from mlopsc.runtime.sources import tracking

    try:
        files = _local(source.path, project)
    except MlopscError as error:
        known = tracking.missing(source.path, project)
        if known is None:
            raise
        if look or not source.dvc.pull:
            raise MlopscError(
                f"{error}; DVC tracks it by {known.by}", help=tracking.offer(source, known)
            ) from None
        tracking.pull(known, project)
        files = _local(source.path, project)
    if source.dvc.check and not look:
        tracking.require(files, project)
    return files


def _fingerprint(files: Sequence[SourceFile]) -> str:
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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
