"""Files as they were at a Git revision: from the repository's objects, and where DVC tracks them, from its cache."""

import glob
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlopsc.diagnostics.errors import MlopscError, UnknownRevision
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.tracked import Tracked, cached, read_manifest, repository, require_cached, tracked

_POINTER = b"version https://git-lfs.github.com/spec/"
_FILE, _LINK = "100", "120000"


@dataclass(frozen=True)
class Commit:
    """The files of one commit; paths are relative to the repository's root."""

    root: Path
    id: str
    blobs: dict[str, tuple[str, str]]
    """Path → mode and object."""

    def names(self, folder: PurePosixPath) -> list[str]:
        """Return the names of the files of a folder, sorted."""
        prefix = "" if folder == PurePosixPath() else f"{folder}/"
        return sorted(
            path.removeprefix(prefix)
            for path in self.blobs
            if path.startswith(prefix) and "/" not in path.removeprefix(prefix)
        )

    def text(self, path: PurePosixPath) -> str | None:
        """Return a file's text, None where there is none."""
        if str(path) not in self.blobs:
            return None
        return _git(self.root, "cat-file", "blob", self.blobs[str(path)][1]).decode("utf-8", "replace")


def commit_of(project: Path, revision: str) -> str:
    """Return the full hash of the commit that a revision names; raises UnknownRevision."""
    _root(project)
    try:
        found = _git(
            project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
    except MlopscError:
        raise UnknownRevision(
            f"the Git repository knows no revision {revision!r}",
            help="is it spelled right, and fetched? A shallow clone has the newest commits alone",
        ) from None
    return found.decode().strip()


def files_at(path: str, revision: str, project: Path, folder: Path, *, pull: bool) -> list[SourceFile]:
    """Write the files that a path or glob of the project means at a revision to `folder`; return them in order.

    With `pull`, what DVC tracks and its cache lacks is fetched by `dvc get`. Raises MlopscError for a revision or files
    that are not there, and for files whose content Git LFS keeps elsewhere.
    """
    root = _root(project)
    commit = _commit(root, commit_of(project, revision))
    base = PurePosixPath(project.resolve().relative_to(root).as_posix())
    wanted = str(PurePosixPath(os.path.normpath(base / path)))
    if wanted.startswith(".."):
        raise MlopscError(f"{path} leads out of the repository")
    matches = _matcher(wanted)
    found = [one for one in sorted(commit.blobs) if matches(one)]
    if found:
        return [
            _blob(commit, one, base, revision, folder / f"{number:06d}") for number, one in enumerate(found)
        ]
    if (known := tracked(_fixed(wanted), commit)) is not None:
        return _from_cache(commit, known, matches, base, revision, folder, pull=pull)
    raise MlopscError(
        f"no file matches {path!r} at the revision {revision!r}", help="had it another name then?"
    )


def _fixed(wanted: str) -> PurePosixPath:
    """Return the path up to the first part that is a pattern."""
    parts = PurePosixPath(wanted).parts
    plain = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return PurePosixPath(*parts[:plain], *(["*"] if plain < len(parts) else []))


def _blob(commit: Commit, path: str, base: PurePosixPath, revision: str, out: Path) -> SourceFile:
    mode, name = commit.blobs[path]
    label = f"{_shown(path, base)} at {revision}"
    if mode == _LINK or not mode.startswith(_FILE):
        raise MlopscError(f"{label} is a link, no file", help="name the file that it leads to")
    out = out.with_name(f"{out.name}-{PurePosixPath(path).name}")
    with out.open("wb") as stream:
        _git(commit.root, "cat-file", "blob", name, stdout=stream)
    with out.open("rb") as stream:
        if stream.read(len(_POINTER)) == _POINTER:
            raise MlopscError(
                f"the content of {label} is kept by Git LFS: Git has a pointer to it alone",
                help="check that revision out elsewhere with `git lfs pull`, and name the file there",
            )
    return SourceFile(out, label)


def _from_cache(
    commit: Commit,
    known: Tracked,
    matches: Callable[[str], bool],
    base: PurePosixPath,
    revision: str,
    folder: Path,
    *,
    pull: bool,
) -> list[SourceFile]:
    store = repository(commit.root / known.path.parent) or commit.root
    contents = {str(known.path): known.md5}
    if known.folder:
        manifest = read_manifest(store, known.md5)
        if manifest is None:
            return _fetched(commit, known, matches, base, revision, folder, pull=pull)
        contents = {f"{known.path}/{name}": md5 for name, md5 in manifest.items()}
    wanted = {path: cached(store, md5) for path, md5 in sorted(contents.items()) if matches(path)}
    if not wanted:
        raise MlopscError(f"no file of {known.path} at {revision} matches")
    if None in wanted.values():
        return _fetched(commit, known, matches, base, revision, folder, pull=pull)
    found: list[SourceFile] = []
    for path, place in wanted.items():
        assert place is not None
        require_cached(place, contents[path])
        link = folder / f"{len(found):06d}-{PurePosixPath(path).name}"
        link.symlink_to(place)
        found.append(SourceFile(link, f"{_shown(path, base)} at {revision}"))
    return found


def _fetched(
    commit: Commit,
    known: Tracked,
    matches: Callable[[str], bool],
    base: PurePosixPath,
    revision: str,
    folder: Path,
    *,
    pull: bool,
) -> list[SourceFile]:
    command = f"dvc get . {known.path} --rev {revision}"
    if not pull:
        raise MlopscError(
            f"DVC tracks {_shown(str(known.path), base)} at {revision}, and its cache here does not hold it",
            help=f"say `dvc: {{pull: true}}` and it is fetched as `{command}` does",
        )
    place = folder / "got"
    run_dvc("get", ".", str(known.path), "--rev", commit.id, "-o", str(place), cwd=commit.root)
    if not known.folder:
        return [SourceFile(place, f"{_shown(str(known.path), base)} at {revision}")]
    got = sorted(path for path in place.rglob("*") if path.is_file())
    names = {path: f"{known.path}/{path.relative_to(place).as_posix()}" for path in got}
    found = [
        SourceFile(path, f"{_shown(names[path], base)} at {revision}") for path in got if matches(names[path])
    ]
    if not found:
        raise MlopscError(f"no file of {known.path} at {revision} matches")
    return found


def run_dvc(*arguments: str, cwd: Path) -> None:
    """Run DVC's command line; raises MlopscError with what it says, or when it is not installed."""
    try:
        done = subprocess.run(
            ["dvc", *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            env=_quiet(),
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise MlopscError(
            "DVC is not installed where the step runs: there is no command `dvc`",
            help="`pipx install dvc` has it",
        ) from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        said = lines[0].removeprefix("ERROR: ") if lines else f"it ended with status {done.returncode}"
        raise MlopscError(
            f"`dvc {' '.join(arguments[:2])}` failed: {said}", help="is its remote set, and reachable?"
        )


def _quiet() -> dict[str, str]:
    return {**os.environ, "DVC_NO_ANALYTICS": "1"}


def _shown(path: str, base: PurePosixPath) -> str:
    return os.path.relpath(path, base)


def _root(project: Path) -> Path:
    try:
        found = _git(project, "rev-parse", "--show-toplevel").decode().strip()
    except MlopscError as error:
        raise UnknownRevision(
            f"`revision` needs a Git repository: {error}",
            help="leave it out, or run where the repository is",
            certain=False,
        ) from None
    return Path(found).resolve()


def _commit(root: Path, name: str) -> Commit:
    listing = _git(root, "ls-tree", "-r", "-z", "--full-tree", name).decode("utf-8", "surrogateescape")
    blobs = {}
    for line in filter(None, listing.split("\0")):
        head, _, path = line.partition("\t")
        mode, kind, blob = head.split()[:3]
        if kind == "blob":
            blobs[path] = (mode, blob)
    return Commit(root, name, blobs)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a path is the one written, or matches it as a glob does: `**` is any folders."""
    if not glob.has_magic(pattern):
        return lambda path: path == pattern
    parts = []
    for part in pattern.split("/"):
        if part == "**":
            parts.append(r"(?:[^/.][^/]*/)*")
            continue
        text = re.escape(part)
        text = text.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        text = re.sub(r"\\\[(!?)(.*?)\\\]", lambda found: f"[{'^' if found[1] else ''}{found[2]}]", text)
        parts.append(("" if part.startswith(".") else r"(?!\.)") + text + "/")
    expression = re.compile(
        "".join(parts).rstrip("/") if not pattern.endswith("/**") else "".join(parts) + "[^/]+"
    )
    return lambda path: expression.fullmatch(path) is not None


def _git(folder: Path, *arguments: str, stdout: object = subprocess.PIPE) -> bytes:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
            stdin=subprocess.DEVNULL,
        )  # type: ignore[call-overload]
    except FileNotFoundError:
        raise MlopscError("there is no command `git` where this runs") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise MlopscError(said or f"git ended with status {done.returncode}")
    return done.stdout or b""
