"""How one table of features is joined to the entities at a point in time."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from mlopsc.vocabulary.aggregates import Aggregate, Ratio
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.columns import ColumnType
from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.time import Duration


class Join(Frozen):
    """What a view joins to entities, by keys: the latest row of its table that is known by then, or aggregates."""

    view: str
    """The view's name."""
    entity: Annotated[dict[str, str], Field(min_length=1)]
    """Column of the entities → column of the view's table; null keys match nothing."""
    feature_time: str
    """The view's column that says when a row became true."""
    ttl: Duration | None = None
    """Rows older than this at the entity's time do not join; the bound is inclusive."""
    created: str | None = None
    """Column that breaks ties between rows of one time: the latest wins."""
    tie_break: tuple[str, ...] = ()
    """Columns that break the ties that are left, in turn: the greatest wins."""
    known_at: str | None = None
    """Column that says when a row became known: it joins no earlier, and never where that is null."""
    available_after: Duration | None = None
    """How long after its own time a row becomes known; windows end that much earlier, too."""
    where: str | None = None
    """SQL condition over the view's table: other rows are as if they were not there."""
    columns: tuple[str, ...] = ()
    """Columns of the latest row that are taken, under their own names."""
    aggregates: tuple[Aggregate, ...] = ()
    """What is made, in place of columns, of all rows in (time - window, time]."""
    ratios: tuple[Ratio, ...] = ()
    """What is made of two of the aggregates."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is joined."""
        return (*self.columns, *(one.name for one in self.aggregates), *(one.name for one in self.ratios))


class RowFunction(Frozen):
    """Columns that a user's function makes of each row by itself: `f(DataFrame, **args) -> DataFrame`."""

    view: str
    python: FunctionReference
    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    """What it gets: columns of the entities, joined ones, and those of functions before it."""
    columns: Annotated[dict[str, ColumnType], Field(min_length=1)]
    args: dict[str, Any] = {}


ENTITIES = "entities"
"""The input port of the rows that views are joined to."""


def join_ports(joins: Iterable[Join]) -> dict[str, str]:
    """Return each view's input port beside that of the entities: the view's name, lengthened where that is taken."""
    views = [join.view for join in joins]
    own = ENTITIES
    while own in [ENTITIES, *views]:
        own += "_"
    return {view: own if view == ENTITIES else view for view in views}
