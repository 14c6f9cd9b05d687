"""What runs leave in the project: the folders of those that live, the remains of those that were killed."""

import contextlib
import shutil
from pathlib import Path

from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.runtime.journal import Journal


def run_folder(project: Path, run: str) -> Path:
    """Return the folder of a run's logs; it exists once a step has run."""
    return project / STATE_FOLDER / "runs" / run


def work_folder(run: Path, step: str) -> Path:
    """Return the folder where a step writes its outputs."""
    return run / "work" / step


def recognize_crashes(journal: Journal, project: Path) -> None:
    """Mark dead runs as crashed, and remove what they were working on; their logs stay."""
    for orphan in journal.orphans():
        if journal.mark_crashed(orphan.id):
            shutil.rmtree(run_folder(project, orphan.id) / "work", ignore_errors=True)


def clear(folder: Path) -> None:
    """Remove a run's work folders, and its own folder when no log stands in it."""
    with contextlib.suppress(OSError):
        shutil.rmtree(folder / "work", ignore_errors=True)
        folder.rmdir()
