"""How labelled rows are divided into a train part and a test part."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.time import Duration

Fraction = Annotated[float, Field(gt=0, lt=1)]


class RandomSplit(Frozen):
    """Each row falls into the test part with the same chance, by the seed."""

    type: Literal["random"]
    test: Fraction = 0.2
    """The test part's share of the rows."""


class StratifiedSplit(Frozen):
    """Random, but every class of the label keeps its share in both parts."""

    type: Literal["stratified"]
    test: Fraction = 0.2


class TimeSplit(Frozen):
    """The latest rows are the test part: no row of it is older than a train row."""

    type: Literal["time"]
    test: Duration | Fraction
    """The last stretch of time (`30d`, counted back from the latest row), or the latest share of the rows."""

    @property
    def stretch(self) -> timedelta | None:
        """The test part's length, when it is given as a duration."""
        return self.test if isinstance(self.test, timedelta) else None


class GroupSplit(Frozen):
    """Rows of one group stay together: no group is in both parts."""

    type: Literal["group"]
    by: str
    """The column of the entities whose values are the groups."""
    test: Fraction = 0.2


class ColumnSplit(Frozen):
    """A column of the entities says which rows are the test part: a split that somebody else has made."""

    type: Literal["column"]
    by: str
    """The column that says so."""
    test: str | bool | int | float
    """Its value in the rows of the test part; all others, null among them, are the train part."""


Split = Annotated[
    RandomSplit | StratifiedSplit | TimeSplit | GroupSplit | ColumnSplit, Field(discriminator="type")
]
