"""Rows of segments that a model does not know, gathered over all batches of an input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.frames import Feature, frame_of
from mlopsc.runtime.learning.misfits import SHOWN, misfit_error
from mlopsc.runtime.learning.segment_places import places_of
from mlopsc.runtime.learning.segmented import OTHERS, stranger
from mlopsc.runtime.predicting.features import Made
from mlopsc.runtime.sources.batches import Batch, Batches, Unfit
from mlopsc.vocabulary.segments import Segment


@dataclass
class Strangers:
    """What has been found so far."""

    column: str
    values: Sequence[Segment]
    """The segments that have a model."""
    count: int = 0
    _first: list[tuple[Unfit, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, signature: Mapping[str, Any]) -> "Strangers | None":
        """Return a beginning for a model of segments; None for one that answers for every row."""
        segments = signature.get("segments")
        if segments is None or segments["other"] == "pool":
            return None
        return cls(segments["column"], [one["value"] for one in segments["models"]])

    def among(self, made: Made, features: Sequence[Feature], batch: Batch) -> bool:
        """Take up the rows of a batch that are of other segments; say whether there have been any so far."""
        (feature,) = (one for one in features if one.name == self.column)
        column = made.features.column(self.column)
        told = frame_of(made.features.select([self.column]), [feature])[self.column]
        rows = np.flatnonzero(places_of(told, self.values) < 0)
        self.count += len(rows)
        for row in rows[: SHOWN - len(self._first)].tolist():
            at = made.positions[row].as_py() - batch.first + batch.before + 1
            value = column[row].as_py()
            self._first.append((Unfit(batch.file, at, self.column, str(value)), value))
        return bool(self.count)

    def error(self, source: Batches, model: str) -> StepFailed:
        """Return the error that tells the first of them, and how many there are."""
        places = source.places(one for one, _ in self._first)
        cells = [
            stranger(place, self.column, value, self.values)
            for place, (_, value) in zip(places, self._first, strict=True)
        ]
        return misfit_error(f"{source.label} does not suit {model}", cells, self.count, OTHERS)
