"""What runs leave in the project: the folders of those that live, the remains of those that were killed."""

import contextlib
import shutil
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.locks import FileLock


def run_folder(project: Path, run: str) -> Path:
    """Return the folder of a run's logs; it exists once a step has run."""
    return project / STATE_FOLDER / "runs" / run


def lock_folder(project: Path) -> Path:
    """Return the folder of the locks by action key."""
    return project / STATE_FOLDER / "locks"


def work_folder(run: Path, step: str) -> Path:
    """Return the folder where a step writes its outputs."""
    return run / "work" / step


def recognize_crashes(journal: Journal, project: Path) -> None:
    """Mark runs whose process is gone as crashed, and remove what they were working on; their logs stay."""
    orphans = journal.orphans()
    for orphan in orphans:
        if journal.mark_crashed(orphan.id):
            shutil.rmtree(run_folder(project, orphan.id) / "work", ignore_errors=True)
    if orphans:
        for path in lock_folder(project).glob("*.lock"):
            with contextlib.suppress(MlopscError), FileLock(path, timeout=0):
                path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove a run's work folders, and its own folder when no log stands in it."""
    with contextlib.suppress(OSError):
        shutil.rmtree(folder / "work", ignore_errors=True)
        folder.rmdir()
