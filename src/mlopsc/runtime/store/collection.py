"""What of a store can go: records that nobody used lately, then blobs that no record, version or root names.

Runs go on meanwhile. Using a record renews its date before its outputs are looked at, and storing a file that is there
already renews the file's; in a local store both exclude a collection, elsewhere records are listed once more before
the first blob goes. Records go before blobs, so a collection that is killed leaves a store without dangling records.
"""

import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.runtime.store import Entry, Store, canonical_json, digest_of_bytes, hex_of

PINS, RECORDS, WAITING = "pins", "actions", "tracking/waiting"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEPT_LOCALLY, _KEPT_ELSEWHERE = 3600.0, 86_400.0

Kind = Literal["records", "artifacts"]


@dataclass(frozen=True, slots=True)
class Gone:
    """Something that was, or would be, removed from a store; `size` in bytes."""

    kind: Kind
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection removed, or would remove; and what there was: count and bytes by kind."""

    gone: tuple[Gone, ...]
    held: Mapping[str, tuple[int, int]]


def collect(
    store: Store,
    *,
    unused: float,
    roots: Callable[[], Collection[str]],
    keys: Collection[str] = (),
    dry_run: bool = False,
    now: float | None = None,
) -> Collected:
    """Remove what was not used for `unused` seconds and what nothing needs; with `dry_run` only say what.

    `roots` returns digests to keep, and is called when no local run can change them; `keys` are actions whose records
    stay. Whatever was made or used within the last hour stays, in a store that others may share within the last day.
    Raises StoreError; then what could not be removed stays, and nothing that stays has lost what it needs.
    """
    least = _KEPT_LOCALLY if store.is_local else _KEPT_ELSEWHERE
    with store.guard(exclusive=not dry_run):
        moment = time.time() if now is None else now
        limit, young = moment - max(unused, least), moment - least
        needed = {digest for digest in roots() if _DIGEST.fullmatch(digest)}
        needed |= set(_pinned(store))
        records = list(_records(store))
        stale = [one for one in records if one.used < limit and one.key not in keys]
        gone = [
            Gone("records", one.entry.name, one.entry.size)
            for one in stale
            if _drop(store, one, limit, dry_run)
        ]
        dropped = {one.name for one in gone}
        live = [one for one in records if one.entry.name not in dropped]
        if not store.is_local and not dry_run:
            live = list(_records(store))  # also those that others have used or made meanwhile
        needed |= {digest for one in live for digest in one.digests}
        blobs = list(store.files.entries("blobs"))
        for entry in blobs:
            if f"sha256:{entry.base}" not in needed and entry.changed < young:
                if not dry_run:
                    store.files.remove(entry.name)
                gone.append(Gone("artifacts", entry.name, entry.size))
    return Collected(tuple(gone), {"records": _sum(one.entry for one in records), "artifacts": _sum(blobs)})


def pin(store: Store, model: str, artifacts: Mapping[str, str]) -> None:
    """Keep a version's artifacts, digests by role, for good, whoever collects with whatever registry.

    Raises StoreError.
    """
    content = {"model": model, "artifacts": dict(artifacts)}
    name = hex_of(digest_of_bytes(canonical_json(content)))
    store.write_document(f"{PINS}/{name[:2]}/{name}.json", content)


def digests_in(value: Any) -> Iterator[str]:
    """Yield every digest that stands anywhere in a JSON value."""
    match value:
        case str():
            yield from _DIGEST.findall(value)
        case dict():
            for item in value.values():
                yield from digests_in(item)
        case list() | tuple():
            for item in value:
                yield from digests_in(item)


@dataclass(frozen=True, slots=True)
class _Record:
    entry: Entry
    key: str
    used: float
    digests: frozenset[str]


def records_naming(store: Store, digest: str) -> list[str]:
    """Return the records that name an artifact as made or used. Raises StoreError."""
    return [one.entry.name for one in _records(store) if digest in one.digests]


def _records(store: Store) -> Iterator[_Record]:
    for entry in store.files.entries(RECORDS):
        if entry.name.startswith(f"{RECORDS}/latest/") or not entry.name.endswith(".json"):
            continue
        record = _read(store, entry)
        if record is not None:
            yield record


def _read(store: Store, entry: Entry) -> _Record | None:
    """Return a record, None when it is gone; one that cannot be made sense of needs nothing and ages by its file."""
    key = entry.base.removesuffix(".json")
    data = store.files.read(entry.name)
    if data is None:
        return None
    try:
        found = json.loads(data)
        used, made_of = found.get("used"), [found["outputs"], found["components"].get("inputs")]
    except (ValueError, TypeError, KeyError, AttributeError):
        return _Record(entry, key, entry.changed, frozenset())
    used = float(used) if isinstance(used, int | float) else entry.changed
    return _Record(entry, key, used, frozenset(digests_in(made_of)))


def _drop(store: Store, stale: _Record, limit: float, dry_run: bool) -> bool:
    """Remove a record unless somebody has used it since it was listed; say whether it is, or would be, gone."""
    if dry_run:
        return True
    if not store.is_local:
        again = _read(store, stale.entry)
        if again is not None and again.used >= limit:
            return False
    store.files.remove(stale.entry.name)
    return True


def _pinned(store: Store) -> Iterator[str]:
    """Yield what registered versions need for good, and what waits for a tracking server."""
    for folder in (PINS, WAITING):
        for entry in store.files.entries(folder):
            yield from digests_in(store.read_document(entry.name))


def _sum(entries: Iterable[Entry]) -> tuple[int, int]:
    sizes = [entry.size for entry in entries]
    return len(sizes), sum(sizes)
