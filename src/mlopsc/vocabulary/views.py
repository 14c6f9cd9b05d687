"""How one table of features is joined to the entities at a point in time."""

from typing import Annotated

from pydantic import Field

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.time import Duration


class Join(Frozen):
    """The latest row of a view's table at or before the entity's time, by entity key."""

    view: str
    """The view's name; also the input port that its table comes in by."""
    entity: Annotated[dict[str, str], Field(min_length=1)]
    """Column of the entities → column of the view's table; null keys match nothing."""
    feature_time: str
    """The view's column that says when a row became true."""
    ttl: Duration | None = None
    """Rows older than this at the entity's time do not join; the bound is inclusive."""
    created: str | None = None
    """Column that breaks ties between rows of one time: the latest wins."""
    columns: tuple[str, ...]
    """Columns that are taken, under their own names."""
