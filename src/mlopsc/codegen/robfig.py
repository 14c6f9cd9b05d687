"""Cron as robfig/cron reads it, the library of Kubernetes and of Kubeflow Pipelines.

It knows less than the spec does: no Sunday as 7, no `L` and `#`.
"""

import re

_FIELD = re.compile(r"[A-Za-z0-9*,/-]+")
_WORD = re.compile(r"[a-z]+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES: tuple[tuple[str, ...], ...] = ((), (), (), _MONTHS, _DAYS)
"""Names that may stand for numbers, by field."""


def robfig_cron(cron: str, reader: str) -> str:
    """Return a cron expression of five fields with Sunday as 0.

    Raises ValueError that says what `reader`, such as `Kubernetes`, cannot express.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"expected five fields (minute, hour, day, month, weekday), found {cron!r}")
    for field, names in zip(fields, _NAMES, strict=True):
        if not _FIELD.fullmatch(field) or not set(_WORD.findall(field.lower())) <= {*names}:
            raise ValueError(f"{reader} does not know {field!r} in a schedule")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*" and (day.startswith("*") or weekday.startswith("*")):
        raise ValueError(
            f"{reader} reads a stepped day together with a weekday in another way than cron does: "
            "give only one of them"
        )
    return " ".join((minute, hour, day, month, _weekdays(weekday, reader)))


def _weekdays(field: str, reader: str) -> str:
    """Return the field with Sunday as 0: a part that says 7 is written out."""
    if "7" not in field:
        return field
    days: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = 0 if first == "*" else _day(first, reader)
        open_ended = step or first == "*"
        end = _day(last, reader) if last else (6 if open_ended else start)
        days |= {day % 7 for day in range(start, end + 1, int(step or 1))}
    return ",".join(str(day) for day in sorted(days))


def _day(text: str, reader: str) -> int:
    number = int(text) if text.isdigit() else _DAYS.index(text.lower()) if text.lower() in _DAYS else -1
    if not 0 <= number <= 7:
        raise ValueError(f"{reader} does not know the weekday {text!r}")
    return number
