"""The list of emitted files that cannot carry a header themselves: copies and wheels, with their digests.

It is written as `sha256sum` writes it, so that anybody can check the files against it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.targets import CopiedFile, GeneratedFile

MANIFEST = "manifest.sha256"
"""The file's name, in the folder that its paths are relative to."""
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def manifest(header: str, files: Iterable[CopiedFile], folder: str = "") -> GeneratedFile:
    """Return the manifest of files below `folder`, for that folder.

    Raises MlopscError for a name with a line break or another control character in it.
    """
    base = PurePosixPath(folder)
    lines = [f"# {header}", f"# Files without a line like this; sha256sum --check {MANIFEST} looks at them."]
    for file in sorted(files, key=lambda file: file.path):
        name = PurePosixPath(file.path).relative_to(base).as_posix()
        if not name.isprintable() or "\\" in name:
            raise MlopscError(
                f"the file name {name!r} holds characters that a manifest cannot list", help="rename the file"
            )
        lines.append(f"{hashlib.sha256(file.content).hexdigest()}  {name}")
    return GeneratedFile((base / MANIFEST).as_posix(), "\n".join(lines) + "\n")


def listed(text: str) -> Mapping[str, str]:
    """Return what a manifest lists: path in its folder → SHA-256 in hexadecimal; no path that leaves the folder."""
    found = (line for line in map(_LINE.fullmatch, text.splitlines()) if line is not None)
    return {line[2]: line[1] for line in found if _inside(PurePosixPath(line[2]))}


def listed_below(folder: Path, place: Path) -> bool:
    """Whether a manifest in a folder between `folder` and `place` lists the file at `place`."""
    return any(
        place.relative_to(parent).as_posix() in listed(_text(parent / MANIFEST))
        for parent in place.parents
        if parent.is_relative_to(folder)
    )


def _inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
    except OSError as error:
        raise MlopscError(f"cannot read {place}: {error.strerror or error}") from error
