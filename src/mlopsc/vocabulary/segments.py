"""A model for each segment: which column tells them, which there are, and what becomes of other rows."""

import re
from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.base import Frozen

Segment = str | bool | int
"""The value of a column by which rows are one segment."""


class Segments(Frozen):
    """Models of the same training, each fitted on the rows of one segment, in one artifact that asks a row's own."""

    column: Annotated[str, Field(min_length=1)]
    """The feature that tells the segments. Their models do not see it: in each it has one value."""
    values: Annotated[tuple[Segment, ...], Field(min_length=1)]
    """Its values that have a model: text, whole numbers, or true and false."""
    other: Literal["refuse", "drop", "pool"] = "refuse"
    """What becomes of rows of other values, null among them: they stop training and prediction, are left out of the
    population everywhere, or have a model that is fitted on all rows and sees the column."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """With fewer rows of a segment in the train part, training is refused."""
    parallel: Annotated[int, Field(ge=1)] | None = None
    """How many models are fitted at a time; by default the target decides."""

    @property
    def words(self) -> tuple[str, ...]:
        """What each value is called in names: itself, in small letters and digits, or its place where that does not
        tell the values apart."""
        words = [re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_") for value in self.values]
        distinct = "" not in words and len(set(words)) == len(words)
        return tuple(words) if distinct else tuple(str(place) for place in range(len(words)))
