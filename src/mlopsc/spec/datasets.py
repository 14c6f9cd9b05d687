"""The `datasets` section: where data come from and what must hold of them."""

from typing import Annotated

from pydantic import Field

from mlopsc.spec.schedules import TimeZone
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.checks import Check
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.contract import OnFailure, puts_aside
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.sources import Source


class Dataset(Frozen):
    """A table from outside, with its contract."""

    source: Source
    description: str | None = None
    columns: dict[str, Column] = {}
    """Constrains the columns that it names; it need not name all."""
    primary_key: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Columns that are never null and together unique."""
    event_time: str | None = None
    """The column that says when a row happened: a timestamp, or text or a date that is read as one."""
    timezone: TimeZone | None = None
    """The zone of naive timestamps, as in the IANA database; without it they are UTC."""
    on_failure: OnFailure = "block"
    """What the failure of columns, key, and checks that say nothing else comes to."""
    checks: tuple[Check, ...] = ()
    policy: Policy = Policy()

    @property
    def quarantines(self) -> bool:
        """Whether rows may be put aside."""
        return puts_aside(self.on_failure, self.columns, self.primary_key or (), self.checks)
