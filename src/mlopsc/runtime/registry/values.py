"""What goes into the registry and comes out: frozen values, without a database behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Action = Literal["register", "promote", "rollback", "refuse"]


class ArtifactStore(Protocol):
    """The part of the store that a registration needs."""

    def exists(self, digest: str, /) -> bool:
        """Say whether the store holds an artifact of this digest."""
        ...

    def verify(self, digest: str, /) -> bool:
        """Hash the content and say whether it is there, whole, and has the digest; may raise StoreError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A trained model that asks to be registered; everything in it is JSON."""

    artifacts: Mapping[str, str]
    """Role → `sha256:<hex>`; `model` must be there, and others (metrics, profile, test) may."""
    stages: Mapping[str, Sequence[str]]
    """Stage → the gates it requires, first stage first; at least one stage."""
    gates: Mapping[str, Any] = field(default_factory=dict)
    """Gate → its configuration, frozen with the version; every gate that a stage requires is here."""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    lineage: Mapping[str, Any] = field(default_factory=dict)
    """What the model was made from: digests of spec, inputs and code, parameters, library versions."""
    decisions: Mapping[str, Any] = field(default_factory=dict)
    """Gate → the decision on this candidate: the evidence of its registration."""
    run: str | None = None

    @property
    def digest(self) -> str:
        """The model's digest."""
        return self.artifacts["model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A registered version; nothing in it ever changes."""

    model: str
    number: int
    digest: str
    lineage_digest: str
    artifacts: Mapping[str, str]
    metrics: Mapping[str, float | None]
    gates: Mapping[str, Any]
    stages: Mapping[str, tuple[str, ...]]
    lineage: Mapping[str, Any]
    decisions: Mapping[str, Any]
    created_at: datetime
    actor: str
    run: str | None

    @property
    def name(self) -> str:
        """The reference that `resolve` reads back, `late_arrival/3`."""
        return f"{self.model}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a registration did: whether it made the version, and whether it gave it the first stage."""

    version: Version
    created: bool
    promoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What a promotion or a rollback did; `changed` is False when the version held the stage already."""

    model: str
    stage: str
    version: int
    previous: int | None
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The version that holds a stage, and since when."""

    model: str
    stage: str
    version: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of the ledger: who did what to which version, on which evidence. `sequence` is the order."""

    sequence: int
    at: datetime
    actor: str
    action: Action
    model: str
    version: int | None
    stage: str | None
    from_version: int | None
    digest: str
    evidence: Mapping[str, Any]
