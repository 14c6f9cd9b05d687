"""What is left of a run that gates can look at, wherever it ran."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from mlopsc.plan.plan import Artifact, Step
from mlopsc.runtime.decisions import Decision
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.references import Scalar

GATE = "gate_"
"""What the names of steps begin with that judge gates."""


class Remains(Protocol):
    """A run that is over, or a candidate of one, as far as it was recorded."""

    @property
    def name(self) -> str:
        """What people call it: the run's id, or the version that it made."""

    @property
    def started(self) -> datetime:
        """When it began, or was entered in the registry."""

    @property
    def status(self) -> str:
        """How it ended."""

    @property
    def trouble(self) -> str | None:
        """Why nothing of it can be judged again; None where it can."""

    @property
    def parameters(self) -> Mapping[str, Scalar] | None:
        """Its run-time parameters; None where they were not recorded."""

    @property
    def store(self) -> Store:
        """Where its artifacts are."""

    def reached(self, gate: str, step: Step) -> bool:
        """Whether it judged this gate, or made something of the training that the gate looks at."""

    def decision(self, gate: str) -> Decision | str | None:
        """Return what was decided, None where it had no such gate, and why where it cannot be read."""

    def digest(self, artifact: Artifact) -> str | None:
        """Return the digest of something that it made, None where it did not."""
