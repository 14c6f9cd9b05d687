"""The `datasets` section: where data come from and what must hold of them."""

from typing import Annotated

from pydantic import Field

from mlopsc.spec.schedules import TimeZone
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.checks import Check
from mlopsc.vocabulary.columns import Column
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
    checks: tuple[Check, ...] = ()
    policy: Policy = Policy()
