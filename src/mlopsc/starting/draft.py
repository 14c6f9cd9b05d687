"""What a first spec says, decided from a profile: task, features, split, estimator, metrics. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.starting.proposal import Proposal

Task = Literal["binary", "classes", "number"]


@dataclass(frozen=True)
class LeftOut:
    """Columns that are no features, with the reason."""

    columns: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Measured:
    """What a first run measured: the gated metric on so many test rows."""

    value: float
    rows: int


@dataclass(frozen=True)
class Draft:
    """A spec before it is text."""

    data: Proposal
    training: str
    label: ColumnProfile
    label_sql: str
    task: Task
    features: tuple[str, ...]
    categorical: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    split: Mapping[str, Any]
    split_note: str
    estimator: str
    linear: bool
    """Whether there are so few rows that a linear model was taken."""
    metrics: tuple[str, ...]

    @property
    def metric(self) -> str:
        """The metric that gates judge."""
        return self.metrics[0]
