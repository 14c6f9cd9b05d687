"""Events that wait in the store: written before anything is sent, taken away when the server has all of it.

    tracking/waiting/<project>/<hex>.json       an event with its circumstances, named by its digest
    tracking/sent/<destination>/<hex>.json      which run of which server an event has become

Blobs that a waiting event names are kept by a collection (`mlopsc.runtime.store.collection`).
"""

from dataclasses import dataclass
from typing import Any

from mlopsc.runtime.store import Store, digest_of_bytes, hex_of
from mlopsc.runtime.store.collection import WAITING
from mlopsc.runtime.tracking.event import REGISTRY, Event, event_id

_SENT = "tracking/sent"


@dataclass(frozen=True)
class Waiting:
    """An event that no server has yet, or not all of it."""

    id: str
    """`sha256:…`, the digest of the event."""
    event: Event
    at: int
    """Milliseconds since 1970 at which the training was tracked: the server's times, whenever it is told."""
    circumstances: dict[str, str]
    """Tags of the run that was first to come to this: who, which run, which commit."""
    environment: str | None = None
    """Digest of what it was made in."""

    @property
    def about(self) -> str:
        """What people call it: the training's name, or what happened in the registry."""
        return str(self.event.get("cause") or self.event["training"])

    @property
    def of_registry(self) -> bool:
        """Whether it says that something changed in the registry (see `mirror`), and not what a training came to."""
        return REGISTRY in self.event


def enqueue(
    store: Store, event: Event, *, at: int, circumstances: dict[str, str], environment: str | None = None
) -> Waiting:
    """Let an event wait, durably; one that waits already stays as it is. Raises StoreError."""
    id_ = event_id(event)
    known = _read(store, _name(event["project"], id_))
    if known is None:
        known = Waiting(id_, event, at, circumstances, environment)
        content = {"event": event, "at": at, "circumstances": circumstances, "environment": environment}
        store.write_document(_name(event["project"], id_), content)
    return known


def waiting(store: Store, project: str) -> list[Waiting]:
    """Return a project's events that wait, in the order in which they came, those of the registry last.

    Raises StoreError.
    """
    found = (_read(store, name) for name in store.files.names(f"{WAITING}/{project}"))
    return sorted(
        (one for one in found if one is not None), key=lambda one: (one.of_registry, one.at, one.id)
    )


def is_waiting(store: Store, project: str) -> bool:
    """Whether any event of a project waits. Raises StoreError."""
    return any(True for _ in store.files.names(f"{WAITING}/{project}"))


def sent(store: Store, id_: str, destination: str) -> dict[str, Any] | None:
    """Return what an event became at a destination, None when it was never told there. Raises StoreError."""
    found: dict[str, Any] | None = store.read_document(_sent_name(id_, destination))
    return found


def settle(store: Store, one: Waiting, destination: str, became: dict[str, Any]) -> None:
    """Note what a training's event became, then stop it waiting: a kill between the two only has it told again."""
    if not one.of_registry:
        store.write_document(_sent_name(one.id, destination), became)
    store.files.remove(_name(one.event["project"], one.id))


def _read(store: Store, name: str) -> Waiting | None:
    found = store.read_document(name)
    if found is None:
        return None
    id_ = f"sha256:{name.rpartition('/')[2].removesuffix('.json')}"
    return Waiting(id_, found["event"], found["at"], found["circumstances"], found["environment"])


def _name(project: str, id_: str) -> str:
    return f"{WAITING}/{project}/{hex_of(id_)}.json"


def _sent_name(id_: str, destination: str) -> str:
    return f"{_SENT}/{hex_of(digest_of_bytes(destination.encode()))[:16]}/{hex_of(id_)}.json"
