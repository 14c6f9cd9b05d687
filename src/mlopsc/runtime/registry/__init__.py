"""The model registry: versions that never change, stages with one champion each, an append-only ledger.

Importing it imports SQLAlchemy: do so where a registry is opened.
"""

from mlopsc.runtime.registry.registry import Registry
from mlopsc.runtime.registry.values import (
    ArtifactStore,
    Candidate,
    Holder,
    LedgerEntry,
    Promotion,
    Registered,
    Version,
)

__all__ = [
    "ArtifactStore",
    "Candidate",
    "Holder",
    "LedgerEntry",
    "Promotion",
    "Registered",
    "Registry",
    "Version",
]
