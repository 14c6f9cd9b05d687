"""What compiler, runtime and command line agree on about serving features: names, and what a training is served."""

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.columns import ColumnType
from mlopsc.vocabulary.views import RowFunction

MATERIALIZE = "materialize"
"""Name of the pipeline that fills the online store."""
UNTIL = "materialize_until"
"""The parameter of that pipeline that says as of which instant."""
EXPORTED_TIME = "event_timestamp"
"""The column of an exported table that says from when on a row joins."""
ONLINE_STORE_VARIABLE = "MLOPSC_ONLINE_STORE_URL"


def materialize_step(view: str) -> str:
    """Return the name of the step that brings a view into the online store."""
    return f"materialize_{view}"


class ServedFeature(Frozen):
    """A feature of a training, as a request gets it: from a view in the online store, or out of the request itself."""

    name: str
    view: str | None = None
    """The timed view that holds it; None where the request gives it, as the entities' table does for training."""
    function: str | None = None
    """The view whose function makes it of each row, which no store holds."""
    type: ColumnType | None = None
    """As far as it is known before the run."""


class ServedFunctions(Frozen):
    """What makes features of each row of a training, when a request has been answered from the store."""

    functions: tuple[RowFunction, ...]
    given: tuple[ServedFeature, ...] = ()
    """Columns of the entities that functions get and that are no features: the request gives them."""
