"""Schedules as Kubeflow Pipelines writes them: six fields, seconds first, in the cluster's time, which is UTC.

KFP reads them with robfig/cron version 1, which knows less than the spec does: no Sunday as 7, no `L` and `#`.
"""

import re

from mlopsc.plan.plan import Schedule

_UTC = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/Zulu", "Zulu", "Etc/UCT", "UCT"})
_FIELD = re.compile(r"[A-Za-z0-9*,/-]+")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def kfp_cron(schedule: Schedule) -> str:
    """Return KFP's expression for a schedule; raises ValueError that says what KFP cannot express."""
    if schedule.timezone not in _UTC:
        raise ValueError(
            f"Kubeflow Pipelines runs schedules in UTC only, not in {schedule.timezone}: write the cron in UTC"
        )
    fields = schedule.cron.split()
    if len(fields) != 5:
        raise ValueError(f"expected five fields (minute, hour, day, month, weekday), found {schedule.cron!r}")
    for field in fields:
        if not _FIELD.fullmatch(field):
            raise ValueError(f"Kubeflow Pipelines does not know {field!r} in a schedule")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*" and (day.startswith("*") or weekday.startswith("*")):
        raise ValueError(
            "Kubeflow Pipelines reads a stepped day together with a weekday in another way than cron does: "
            "give only one of them"
        )
    return " ".join(("0", minute, hour, day, month, _weekdays(weekday)))


def _weekdays(field: str) -> str:
    """Return the field with Sunday as 0: a part that says 7 is written out."""
    if "7" not in field:
        return field
    days: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = 0 if first == "*" else _day(first)
        open_ended = step or first == "*"
        end = _day(last) if last else (6 if open_ended else start)
        days |= {day % 7 for day in range(start, end + 1, int(step or 1))}
    return ",".join(str(day) for day in sorted(days))


def _day(text: str) -> int:
    number = int(text) if text.isdigit() else _DAYS.index(text.lower()) if text.lower() in _DAYS else -1
    if not 0 <= number <= 7:
        raise ValueError(f"Kubeflow Pipelines does not know the weekday {text!r}")
    return number
