"""When something runs by itself: cron expressions and time zones, checked when the spec is read."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from mlopsc.diagnostics.suggest import nearest
from mlopsc.vocabulary.base import Frozen

_FIELDS = "minute, hour, day of month, month, day of week"


def _cron(text: str) -> str:
    from cronsim import CronSim, CronSimError

    fields = text.split()
    fault = f"expected five fields, found {len(fields)}"
    if len(fields) == 5:
        try:
            CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 (only the expression is judged)
        except CronSimError as error:
            fault = str(error).lower()
        else:
            return text
    help = f"five fields: {_FIELDS}, as in '0 3 * * 1' (Mondays at 3:00)"
    raise PydanticCustomError(
        "MLC119",
        "'{found}' is no cron expression: {fault}",
        {"found": text, "fault": fault, "help": help},
    )


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        near = nearest(text, available_timezones())
        help = f"did you mean '{near}'?" if near else "name it as the IANA database does: Europe/Berlin"
        raise PydanticCustomError(
            "MLC120", "unknown time zone '{found}'", {"found": text, "help": help}
        ) from None
    return text


Cron = Annotated[str, AfterValidator(_cron)]
"""Five fields: minute, hour, day of month, month, day of week."""
TimeZone = Annotated[str, AfterValidator(_zone)]
"""A zone of the IANA database, such as `Europe/Berlin`."""


class Schedule(Frozen):
    """When a pipeline runs by itself."""

    cron: Cron
    """Five fields: minute, hour, day of month, month, day of week."""
    timezone: TimeZone = "UTC"
    """The zone, as in the IANA database, whose clocks the fields are read on."""
