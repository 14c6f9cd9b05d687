"""Doctor: looks at everything that a project keeps, and says what is damaged and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlopsc_local.leftovers import recognize_crashes

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.journal import Journal
from mlopsc.vocabulary.lock import LOCK_FILE, read_lock


@dataclass(frozen=True)
class Finding:
    """What was looked at: `ok`, `fixed`, or a `fault` with what to do."""

    subject: Literal["store", "journal", "registry", "lock"]
    status: Literal["ok", "fixed", "fault"]
    message: str
    help: str | None = None


def examine(context: Context, *, fix: bool = False) -> list[Finding]:
    """Return a finding or more for each of store, journal, registry and lock.

    With `fix`, orphaned runs are marked as crashed and leftovers of killed processes are removed from the store;
    damaged artifacts stay where they are: a run replaces them.
    """
    return [
        *_guarded("store", _store(context, fix)),
        *_guarded("journal", _journal(context.project, fix)),
        *_guarded("registry", _registry(context)),
        *_guarded("lock", _lock(context.project)),
    ]


def _guarded(
    subject: Literal["store", "journal", "registry", "lock"], findings: Iterator[Finding]
) -> Iterator[Finding]:
    try:
        yield from findings
    except MlopscError as error:
        yield Finding(subject, "fault", str(error), error.help)


def _store(context: Context, fix: bool) -> Iterator[Finding]:
    store = context.store()
    faults = store.doctor()
    for fault in faults:
        yield Finding("store", "fault", f"{fault.where} {fault.what}", "a run that needs it makes it again")
    if not faults:
        yield Finding("store", "ok", f"every artifact in {context.store_location} has its digest")
    if fix and (swept := store.sweep()):
        yield Finding("store", "fixed", f"removed {swept} files that killed processes left unfinished")


def _journal(project: Path, fix: bool) -> Iterator[Finding]:
    if not (project / STATE_FOLDER / "journal.db").is_file():
        yield Finding("journal", "ok", "there is none yet")
        return
    with Journal.of_project(project) as journal:
        orphans = journal.orphans()
        if fix:
            recognize_crashes(journal, project)
        for run in orphans:
            if fix:
                yield Finding("journal", "fixed", f"run {run.id} is marked as crashed: its process is gone")
            else:
                help = "`mlopsc doctor --fix` marks it as crashed; `mlopsc resume` goes on from there"
                yield Finding("journal", "fault", f"run {run.id} is not over, but its process is gone", help)
        if not orphans:
            yield Finding("journal", "ok", "every run that is not over has its process")


def _registry(context: Context) -> Iterator[Finding]:
    store, versions, faults = context.store(), 0, 0
    with context.registry() as registry:
        for model in registry.models():
            for version in registry.versions(model):
                versions += 1
                lost = [
                    role for role, digest in version.artifacts.items() if store.damage(digest) is not None
                ]
                if lost:
                    faults += 1
                    help = "restore the store, or train and register again"
                    message = f"{version.name} has lost artifacts: {', '.join(lost)}"
                    yield Finding("registry", "fault", message, help)
    if not faults:
        yield Finding("registry", "ok", f"it opens, and its {versions} versions have their artifacts")


def _lock(project: Path) -> Iterator[Finding]:
    lock = read_lock(project)
    if lock is None:
        yield Finding("lock", "ok", f"there is no {LOCK_FILE}")
    else:
        yield Finding("lock", "ok", f"{LOCK_FILE} can be read: {len(lock.datasets)} datasets")
