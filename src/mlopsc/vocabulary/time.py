"""Durations (`30d`, `3h`) and instants (RFC 3339), as the spec writes them.

A duration counts elapsed time, never calendar units: a day is 24 hours whatever the clocks do.
A timestamp without an offset is UTC.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:\d+[wdhms])+")
_MICROSECONDS = {unit: size * 1_000_000 for unit, size in _UNITS.items()} | {"ms": 1_000, "us": 1}
_MOMENT = re.compile(r"(?:\d{1,9}(?:ms|us|[wdhms]))+")
_SMALL_PART = re.compile(r"(\d+)(ms|us|[wdhms])")
_PART = re.compile(r"(\d+)([wdhms])")


def parse_duration(text: str) -> timedelta:
    """Return the time that `30d`, `90m` or `1h30m` says.

    Raises ValueError when the text is not a sequence of whole numbers with one of the units w, d, h, m, s.
    """
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise ValueError(f"expected a duration such as 30d, 3h, 15m or 1h30m, found {text!r}")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)))


def format_duration(value: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads back, or `parse_moment` one of less than a second."""
    rest, parts = value // timedelta(microseconds=1), []
    for unit, size in _MICROSECONDS.items():
        if unit != "w" and rest >= size:
            count, rest = divmod(rest, size)
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_moment(text: str) -> timedelta:
    """Return the time that `500us`, `5ms` or `1s500ms` says; raises ValueError for anything else, and for 0."""
    found = timedelta()
    if isinstance(text, str) and _MOMENT.fullmatch(text):
        microseconds = sum(int(number) * _MICROSECONDS[unit] for number, unit in _SMALL_PART.findall(text))
        found = timedelta(microseconds=microseconds)
    if not found:
        raise ValueError(f"expected a short time such as 500us, 5ms or 2s, found {text!r}")
    return found


def parse_timestamp(value: Any) -> datetime:
    """Return an aware datetime in UTC for an RFC 3339 text, a date or a datetime; naive means UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"expected a timestamp such as 2013-12-31T00:00:00Z, found {value!r}") from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if not isinstance(value, datetime):
        raise ValueError(f"expected a timestamp such as 2013-12-31T00:00:00Z, found {value!r}")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def format_timestamp(value: datetime) -> str:
    """Return RFC 3339 in UTC with a `Z`."""
    return parse_timestamp(value).isoformat().replace("+00:00", "Z")


def _duration(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(value)


def _moment(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else parse_moment(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]+[wdhms])+$", "examples": ["30d", "3h", "1h30m"]}),
]
"""Elapsed time, written `30d`, `3h`, `15m`, `45s`, `2w` or a sequence of these."""

Moment = Annotated[
    timedelta,
    BeforeValidator(_moment),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]+(ms|us|[wdhms]))+$", "examples": ["5ms"]}),
]
"""A short time that a clock measures, written `500us`, `5ms`, `2s` or a sequence of these."""

Timestamp = Annotated[
    datetime,
    BeforeValidator(parse_timestamp),
    PlainSerializer(format_timestamp, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2013-12-31T00:00:00Z"]}),
]
"""An instant, RFC 3339; without an offset it is UTC."""
