"""What DVC tracks: which md5 a file is to have, by the `.dvc` files and `dvc.lock` of the folders above it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from mlopsc.diagnostics.errors import MlopscError

_LOCK, _STAGES = "dvc.lock", "dvc.yaml"
_CHUNK = 1 << 20


class Tree(Protocol):
    """Files by paths relative to a repository's root: a folder, or a commit."""

    def names(self, folder: PurePosixPath) -> list[str]:
        """Return the names of the files of a folder, sorted; of one that is not there, none."""
        ...

    def text(self, path: PurePosixPath) -> str | None:
        """Return a file's text, None where there is none."""
        ...


@dataclass(frozen=True)
class Folder:
    """The files of a folder as they lie there."""

    root: Path

    def names(self, folder: PurePosixPath) -> list[str]:
        """Return the names of the files of a folder, sorted."""
        place = self.root / folder
        return sorted(entry.name for entry in place.iterdir() if entry.is_file()) if place.is_dir() else []

    def text(self, path: PurePosixPath) -> str | None:
        """Return a file's text, None where there is none."""
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None


@dataclass(frozen=True)
class Tracked:
    """A file or folder that DVC tracks; paths are relative to the repository's root."""

    path: PurePosixPath
    md5: str
    by: PurePosixPath
    """The file that says so."""
    normalised: bool
    """Whether the md5 is of DVC 2, for which line breaks of text files did not count."""

    @property
    def folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(".dir")


def repository(path: Path) -> Path | None:
    """Return the root of the DVC repository that a path lies in, None when it is in none."""
    return next((folder for folder in (path, *path.parents) if (folder / ".dvc").is_dir()), None)


def tracked(path: PurePosixPath, tree: Tree) -> Tracked | None:
    """Return what is tracked of a file: itself, or a folder above it; None when DVC knows neither.

    Only tracking files of the folders above are looked at, as `dvc add` and stages of the same folder write them.
    Raises MlopscError for one that cannot be read.
    """
    for folder in path.parents:
        for name in tree.names(folder):
            if name.endswith(".dvc") and name != ".dvc":
                found = _outputs(folder / name, tree)
            elif name == _LOCK:
                found = _of_stages(folder / name, tree)
            else:
                continue
            for one in found:
                if one.path == path or one.path in path.parents:
                    return one
    return None


def require_tracked(file: Path, label: str, root: Path, found: Tracked) -> bool:
    """Raise MlopscError when a file's content is not what DVC tracks; say whether all of a folder was checked."""
    if not found.folder:
        expected, md5 = found.md5, _md5(file, normalised=False)
        if md5 == expected or (found.normalised and _md5(file, normalised=True) == expected):
            return False
        raise _differs(label, found, f"its md5 is {md5}, tracked is {expected}")
    manifest = read_manifest(root, found.md5)
    if manifest is None:
        md5 = _md5_of_folder(root / found.path)
        if md5 != found.md5:
            raise _differs(
                f"the folder {found.path}, with {label},", found, f"its md5 is {md5}, tracked is {found.md5}"
            )
        return True
    inside = file.resolve().relative_to((root / found.path).resolve()).as_posix()
    if inside not in manifest:
        raise _differs(label, found, f"the tracked folder {found.path} has no such file")
    if (md5 := _md5(file, normalised=False)) != manifest[inside]:
        raise _differs(label, found, f"its md5 is {md5}, tracked is {manifest[inside]}")
    return False


def read_manifest(root: Path, md5: str) -> Mapping[str, str] | None:
    """Return the files of a tracked folder with their md5, from DVC's cache; None where that does not hold it."""
    place = cached(root, md5)
    if place is None:
        return None
    content = place.read_bytes()
    if f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}.dir" != md5:
        raise MlopscError(f"DVC's cache is damaged: {md5} has other content", help="`dvc fetch` it again")
    return {entry["relpath"]: entry["md5"] for entry in json.loads(content)}


def cached(root: Path, md5: str) -> Path | None:
    """Return the file of DVC's cache for an md5, of DVC 3 or 2; None where there is none."""
    folder = _cache(root)
    places = (folder / "files" / "md5" / md5[:2] / md5[2:], folder / md5[:2] / md5[2:])
    return next((place for place in places if place.is_file()), None)


def require_cached(place: Path, md5: str) -> None:
    """Raise MlopscError when a file of the cache does not have its content."""
    if md5 not in (_md5(place, normalised=False), _md5(place, normalised=True)):
        raise MlopscError(f"DVC's cache is damaged: {md5} has other content", help="`dvc fetch` it again")


def _cache(root: Path) -> Path:
    folder = root / ".dvc"
    for name in ("config.local", "config"):
        settings = ConfigParser(interpolation=None)
        try:
            settings.read(folder / name, encoding="utf-8")
        except (Error, UnicodeDecodeError):
            continue
        if place := settings.get("cache", "dir", fallback=None):
            return folder / place
    return folder / "cache"


def _outputs(file: PurePosixPath, tree: Tree) -> Iterator[Tracked]:
    document = _read(file, tree)
    yield from _listed(document.get("outs"), file.parent / str(document.get("wdir", ".")), file)


def _of_stages(file: PurePosixPath, tree: Tree) -> Iterator[Tracked]:
    stages = _read(file, tree).get("stages")
    declared = _read(file.with_name(_STAGES), tree).get("stages") if isinstance(stages, dict) else None
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        known = declared.get(name) if isinstance(declared, dict) else None
        folder = str(known.get("wdir", ".")) if isinstance(known, dict) else "."
        if isinstance(stage, dict):
            yield from _listed(stage.get("outs"), file.parent / folder, file)


def _listed(outs: Any, folder: PurePosixPath, by: PurePosixPath) -> Iterator[Tracked]:
    for out in outs if isinstance(outs, list) else ():
        md5, path = (out.get("md5"), out.get("path")) if isinstance(out, dict) else (None, None)
        if isinstance(md5, str) and isinstance(path, str) and "://" not in path:
            yield Tracked(_plain(folder / path), md5, by, normalised="hash" not in out)


def _plain(path: PurePosixPath) -> PurePosixPath:
    """Resolve `..` in a path below the root."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def _read(file: PurePosixPath, tree: Tree) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.load(tree.text(file) or "", getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise MlopscError(f"{file} cannot be read: it is no YAML", help="is it a merge conflict?") from error
    return found if isinstance(found, dict) else {}


def _md5(file: Path, *, normalised: bool) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as stream:
        if normalised:
            digest.update(stream.read().replace(b"\r\n", b"\n"))
        else:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def _md5_of_folder(folder: Path) -> str:
    """Return the md5 that DVC gives a folder: of the list of its files with theirs."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    entries = [
        {"md5": _md5(path, normalised=False), "relpath": path.relative_to(folder).as_posix()}
        for path in files
    ]
    text = json.dumps(sorted(entries, key=lambda entry: entry["relpath"]), sort_keys=True)
    return f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}.dir"


def _differs(what: str, found: Tracked, how: str) -> MlopscError:
    return MlopscError(
        f"{what} is not what {found.by} tracks: {how}",
        help=f"`dvc checkout {found.path}` brings back what is tracked, `dvc add` tracks what is there; "
        "`dvc: {check: false}` does without",
    )
