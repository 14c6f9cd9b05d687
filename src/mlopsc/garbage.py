"""What a project no longer needs: artifacts and records in its store, remembered compiles, logs of old runs, copies.

Needed are: what runs of the last days made or reused, on whatever machine, for each use is noted in the store; what
this project's journal knows of them; all that a registered version or mlops.lock names; what is in use now.
"""

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from mlopsc.compiled import FOLDER as COMPILED
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.journal import Journal, Run
from mlopsc.runtime.store.collection import Collected, collect, digests_in
from mlopsc.vocabulary.lock import read_lock

Kind = Literal["artifacts", "records", "unfinished files", "copies", "logs", "compiles"]


@dataclass(frozen=True)
class Freed:
    """What was removed of one kind, or would be, and what stays; sizes in bytes."""

    kind: Kind
    removed: int
    freed: int
    kept: int | None = None
    kept_size: int | None = None


def collect_garbage(
    context: Context, *, days: float = 30, dry_run: bool = False, now: datetime | None = None
) -> list[Freed]:
    """Remove what nothing needs, or with `dry_run` only say what; runs of the last `days` before `now` count.

    Raises RegistryError and StoreError when registry or store cannot be reached: what versions need must be known.
    """
    store, at = context.store(), now or datetime.now(UTC)
    since = at - timedelta(days=days)
    runs = list(_runs(context.project, since))
    keys = frozenset(key for run in runs for key in run.keys)

    def roots() -> set[str]:
        return {
            *(digest for run in _runs(context.project, since) for digest in run.digests),
            *_registered(context, since),
            *_locked(context.project),
        }

    found = collect(store, unused=days * 86_400, roots=roots, keys=keys, dry_run=dry_run, now=at.timestamp())
    unfinished = store.sweep(dry_run=dry_run)
    state, here = context.project / STATE_FOLDER, frozenset(run.id for run in runs)
    return [
        *(_of_store(found, kind) for kind in ("artifacts", "records")),
        Freed("unfinished files", unfinished, 0),
        _clear("copies", () if store.copies is None else store.copies.unused(days * 86_400), dry_run),
        _clear("logs", _old(state / "runs", since, keep=here), dry_run),
        _clear("compiles", _old(state / COMPILED, since), dry_run),
    ]


def _of_store(found: Collected, kind: Kind) -> Freed:
    gone = [one.size for one in found.gone if one.kind == kind]
    count, size = found.held[kind]
    return Freed(kind, len(gone), sum(gone), count - len(gone), size - sum(gone))


def _old(folder: Path, since: datetime, *, keep: frozenset[str] = frozenset()) -> Iterator[tuple[Path, int]]:
    """Yield what in a folder was last written before, but for what is to be kept, with its bytes."""
    for path in sorted(folder.glob("*")):
        files = [file for file in (path, *path.rglob("*")) if file.is_file()]
        with contextlib.suppress(OSError):  # gone meanwhile
            written = max([file.stat().st_mtime for file in (path, *files)])
            if path.name not in keep and written < since.timestamp():
                yield path, sum(file.stat().st_size for file in files)


def _clear(kind: Kind, found: Iterable[tuple[Path, int]], dry_run: bool) -> Freed:
    removed = freed = 0
    for path, size in list(found):
        try:
            if path.is_dir() and not dry_run:
                shutil.rmtree(path)
            elif not dry_run:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise MlopscError(f"cannot remove {path}: {error.strerror}") from error
        removed, freed = removed + 1, freed + size
    return Freed(kind, removed, freed)


@dataclass(frozen=True)
class _Needs:
    id: str
    digests: frozenset[str]
    keys: frozenset[str]


def _runs(project: Path, since: datetime) -> Iterator[_Needs]:
    """Yield what the runs of this project since then have made or reused, and those that are still running."""
    if not (project / STATE_FOLDER / "journal.db").is_file():
        return
    with Journal.of_project(project) as journal:
        gone = {orphan.id for orphan in journal.orphans()}
        for run in journal.runs(limit=1_000_000):
            if _recent(run, since) or (run.status == "running" and run.id not in gone):
                steps = journal.steps(run.id)
                yield _Needs(
                    run.id,
                    frozenset(digest for step in steps for digest in step.outputs.values()),
                    frozenset(step.key for step in steps if step.key is not None),
                )


def _recent(run: Run, since: datetime) -> bool:
    return (run.ended or run.started) >= since


def _registered(context: Context, since: datetime) -> Iterator[str]:
    """Yield what versions need, and what gates looked at that refused a candidate since then, wherever it ran."""
    with context.registry() as registry:
        for model in registry.models():
            for version in registry.versions(model):
                parts = [version.artifacts, version.lineage, version.decisions, version.gates]
                yield from digests_in([dict(part) for part in parts])
        for entry in registry.history():
            if entry.action == "refuse" and entry.at >= since:
                yield from digests_in(dict(entry.evidence))


def _locked(project: Path) -> Iterator[str]:
    lock = read_lock(project)
    if lock is not None:
        yield from (dataset.digest for dataset in lock.datasets.values())
