"""How fast a model predicts, measured."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.gates.base import BaseGate
from mlopsc.vocabulary.time import Moment

Percentile = Literal["p50", "p95", "p99"]
PERCENTILES: dict[Percentile, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

Repeats = Annotated[int, Field(ge=10, le=100_000)]


class _Limits(Frozen):
    """What percentiles of the measured times may be at most."""

    p50: Moment | None = None
    """The time that half of the predictions take at most."""
    p95: Moment | None = None
    """The time that 95 % of them take at most."""
    p99: Moment | None = None
    """The time that 99 % of them take at most."""
    repeats: Repeats
    """Predictions that are timed."""

    @model_validator(mode="after")
    def _sensible(self) -> "_Limits":
        if not self.limits():
            raise ValueError(f"expected a limit: {', '.join(PERCENTILES)}")
        for name, share in PERCENTILES.items():
            if getattr(self, name) is not None and round(self.repeats * (1 - share), 9) < 1:
                needed = round(1 / (1 - share))
                raise ValueError(f"{self.repeats} `repeats` do not tell {name}: it takes {needed}")
        return self

    def limits(self) -> dict[Percentile, timedelta]:
        """Return the limits that are asked for."""
        asked = {name: getattr(self, name) for name in PERCENTILES}
        return {name: limit for name, limit in asked.items() if limit is not None}


class Single(_Limits):
    """Predictions for one row each."""

    repeats: Repeats = 200
    """Predictions that are timed, for one row after another."""


class Batch(_Limits):
    """Predictions for many rows at once."""

    rows: Annotated[int, Field(ge=2, le=1_000_000)] = 1000
    """Rows of a batch; where the test part has fewer, it begins again."""
    repeats: Repeats = 20
    """Batches that are timed."""


class LatencyGate(BaseGate):
    """The model predicts fast enough, on one thread of the machine that judges."""

    type: Literal["latency"]
    single: Single | None = None
    """Limits for one row."""
    batch: Batch | None = None
    """Limits for a batch of rows."""
    warm_up: Annotated[int, Field(ge=0, le=1000)] = 10
    """Predictions before those that are timed."""

    @model_validator(mode="after")
    def _some(self) -> "LatencyGate":
        if self.single is None and self.batch is None:
            raise ValueError("a latency gate needs `single`, `batch` or both")
        return self
