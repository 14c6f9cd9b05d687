"""Files of the project that DVC tracks: offered or pulled when they are missing, checked when they are there."""

import glob
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.tracked import Folder, Tracked, repository, require_tracked, tracked
from mlopsc.vocabulary.sources import Files


def missing(path: str, project: Path) -> Tracked | None:
    """Return what DVC tracks of a path or glob that finds nothing."""
    parts = PurePosixPath(path).parts
    plain = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return _tracked(project.resolve().joinpath(*parts[:plain], *(["*"] if plain < len(parts) else [])))


def offer(source: Files, known: Tracked) -> str:
    """Return what is to be done to have the files."""
    if source.dvc.pull:
        return "it is pulled when a run needs it"
    return f"`dvc pull {known.path}` in the repository's folder, or `dvc: {{pull: true}}` beside the path"


def pull(known: Tracked, project: Path) -> None:
    """Fetch what is tracked, by DVC's own command; raises MlopscError with what it says."""
    from mlopsc.runtime.sources.history import run_dvc

    root = repository(project.resolve())
    assert root is not None, "it is tracked"
    run_dvc("pull", str(known.path), cwd=root)


def require(files: Sequence[SourceFile], project: Path) -> None:
    """Raise MlopscError for a file whose content is not what DVC tracks; files that it does not know pass."""
    root = repository(project.resolve())
    if root is None:
        return
    whole: set[str] = set()
    for file in files:
        known = _tracked(file.path.absolute())
        if known is not None and known.md5 not in whole:
            checked = require_tracked(file.path, file.label, root, known)
            whole |= {known.md5} if checked else set()


def tracked_md5(files: Sequence[SourceFile]) -> str | None:
    """Return the md5 that DVC tracks of files, None unless it is one for all of them."""
    known = [_tracked(file.path.absolute()) for file in files]
    found = {one.md5 for one in known if one is not None}
    return found.pop() if len(found) == 1 and None not in known else None


def _tracked(path: Path) -> Tracked | None:
    root = repository(path.parent)
    if root is None:
        return None
    return tracked(PurePosixPath(path.relative_to(root).as_posix()), Folder(root))
