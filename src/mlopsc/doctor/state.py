"""What a project keeps: the artifacts of its store, the runs of its journal, the versions of its registry, its lock."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mlopsc_local.leftovers import recognize_crashes

from mlopsc.diagnostics.errors import MlopscError, StoreError
from mlopsc.doctor.finding import Finding
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.store import Fault, Store, blob_name
from mlopsc.runtime.store.collection import PINS, pin, records_naming
from mlopsc.runtime.store.local import LocalFiles
from mlopsc.vocabulary.lock import LOCK_FILE, read_lock


def examine_store(context: Context) -> Iterator[Finding]:
    """Hash every artifact, read every record; once what is damaged is out of the way, a run makes it anew."""
    store = context.store()
    if not store.is_local:
        started = time.monotonic()
        store.read_document("pins/none.json")
        took = 1000 * (time.monotonic() - started)
        yield Finding("store", "ok", f"{context.store_location} answers in {took:.0f} ms")
    faults = store.doctor()
    for fault in faults:
        if fault.where.startswith(f"{PINS}/"):
            yield _unpinned(context, store, fault)
            continue
        yield Finding(
            "store",
            "fault",
            f"{fault.where} {fault.what}",
            "a run that needs it makes it again",
            "restore it from a copy, or remove it together with the results that name it",
            partial(_mend, store, _elsewhere(context, store), fault),
        )
    if not faults:
        yield Finding("store", "ok", f"every artifact in {context.store_location} has its digest")
    if unfinished := store.sweep(dry_run=True):
        yield Finding(
            "store",
            "note",
            f"{unfinished} files that killed processes left unfinished",
            fix="remove them",
            repair=lambda: f"{store.sweep()} removed",
        )


def examine_journal(context: Context) -> Iterator[Finding]:
    """Look for runs that did not end although their process is gone, or their lease ran out."""
    project = context.project
    if not (project / STATE_FOLDER / "journal.db").is_file():
        yield Finding("journal", "ok", "there is none yet")
        return
    with Journal.of_project(project) as journal:
        orphans = journal.orphans()
    for run in orphans:
        yield Finding(
            "journal",
            "fault",
            f"run {run.id} did not end, but {run.reason}",
            "`mlopsc resume` goes on from there",
            "mark it as crashed, and remove what it was working on",
            partial(_crashed, project),
        )
    if not orphans:
        yield Finding("journal", "ok", "every run that did not end is alive")


def examine_registry(context: Context) -> Iterator[Finding]:
    """Open it, and look for versions whose artifacts are lost."""
    store, versions, faults = context.store(), 0, 0
    started = time.monotonic()
    with context.registry() as registry:
        models = registry.models()
        took = time.monotonic() - started
        for model in models:
            for version in registry.versions(model):
                versions += 1
                lost = {
                    role: digest
                    for role, digest in version.artifacts.items()
                    if store.damage(digest) is not None
                }
                if lost:
                    faults += 1
                    yield _lost(context, store, version.name, lost)
    if not faults:
        message = f"it opens in {1000 * took:.0f} ms, and {_kept(versions)}"
        yield Finding("registry", "ok", message)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _kept(versions: int) -> str:
    if not versions:
        return "holds no version"
    return (
        "its version has its artifacts" if versions == 1 else f"its {versions} versions have their artifacts"
    )


def examine_lock(context: Context) -> Iterator[Finding]:
    """Read mlops.lock."""
    lock = read_lock(context.project)
    if lock is None:
        yield Finding("lock", "ok", f"there is no {LOCK_FILE}")
    else:
        yield Finding("lock", "ok", f"{LOCK_FILE} can be read: {_counted(len(lock.datasets), 'dataset')}")


def _unpinned(context: Context, store: Store, fault: Fault) -> Finding:
    """A pin that cannot be read stops every collection; the registry knows what its versions need."""

    def again() -> str:
        with context.registry() as registry:
            versions = [one for model in registry.models() for one in registry.versions(model)]
        store.files.remove(fault.where)
        for one in versions:
            pin(store, one.model, one.artifacts)
        return f"removed, and {_counted(len(versions), 'version')} pinned anew"

    message = f"{fault.where} {fault.what}: it says which artifacts a version needs"
    return Finding(
        "store", "fault", message, "`mlopsc gc` stops at it", "pin every version anew, and remove it", again
    )


def _lost(context: Context, store: Store, name: str, lost: dict[str, str]) -> Finding:
    message = f"{name} has lost artifacts: {', '.join(lost)}"
    copies = {digest: _copy(_elsewhere(context, store), digest) for digest in lost.values()}
    found = {digest: path for digest, path in copies.items() if path is not None}
    if len(found) < len(copies):
        return Finding("registry", "fault", message, "restore the store, or train and register again")
    return Finding(
        "registry",
        "fault",
        message,
        "copies of them are on this machine",
        f"restore them from {next(iter(found.values())).parents[2]}",
        partial(_restore, store, found),
    )


def _restore(store: Store, found: dict[str, Path]) -> str:
    for digest, path in found.items():
        store.files.remove(blob_name(digest))
        if store.put_file(path) != digest:
            raise StoreError(f"the copy {path} changed meanwhile")
    return f"{len(found)} restored"


def _elsewhere(context: Context, store: Store) -> list[LocalFiles]:
    """Return where on this machine copies of artifacts may be: downloads, and the project's own store."""
    own = context.project / STATE_FOLDER / "store"
    places = [] if store.copies is None else [store.copies.files]
    if context.store_location != str(own) and own.is_dir():
        places.append(LocalFiles.open(own))
    return places


def _copy(places: list[LocalFiles], digest: str) -> Path | None:
    for files in places:
        if files.damage(digest, reread=True) is None:
            return files.root / blob_name(digest)
    return None


def _mend(store: Store, places: list[LocalFiles], fault: Fault) -> str:
    if fault.where.startswith("blobs/"):
        return _mend_blob(store, places, f"sha256:{fault.where.rpartition('/')[2]}")
    try:
        outputs = store.read_document(fault.where)["outputs"].values()
        found = {digest: _copy(places, digest) for digest in outputs if not store.exists(digest)}
    except (MlopscError, TypeError, KeyError, AttributeError):
        found = {}
    whole = {digest: path for digest, path in found.items() if path is not None}
    if found and len(whole) == len(found):
        return _restore(store, whole)
    store.files.remove(fault.where)
    return "removed: a run that needs it makes it again"


def _mend_blob(store: Store, places: list[LocalFiles], digest: str) -> str:
    if (copy := _copy(places, digest)) is not None:
        return _restore(store, {digest: copy})
    named = records_naming(store, digest)
    for name in named:  # before what they name
        store.files.remove(name)
    store.files.remove(blob_name(digest))
    return f"removed with {len(named)} results that name it: a run that needs it makes it again"


def _crashed(project: Path) -> str:
    with Journal.of_project(project) as journal:
        recognize_crashes(journal, project)
    return "marked as crashed"
