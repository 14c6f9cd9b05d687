"""Searches for parameters: the trials of each, and which was chosen."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.pages.sections import Search, TrialRow
from mlopsc.pages.statuses import status
from mlopsc.pages.words import number, plural, shown, took
from mlopsc.reporting.facts import Facts
from mlopsc.searched import is_chosen, searches, whole_search


def tuned(facts: Facts) -> Iterator[Search]:
    """Yield the searches that were collected."""
    seconds = {step.name: step.seconds for step in facts.recorded.steps if step.status == "run"}
    for name, found in searches(facts.documents, facts.plan_steps, seconds):
        trials = found["trials"]
        folds = max((len(one["scores"]) for one in trials), default=0)
        yield Search(
            name=name,
            about=f"{plural(len(trials), 'trial')}, {found['metric']} on {plural(folds, 'fold')} of the train part",
            parameters=tuple(dict.fromkeys(param for one in trials for param in one["params"])),
            staged=any("resource" in one for one in trials),
            note=whole_search(found) or "",
            trials=tuple(_row(one, found) for one in trials),
        )


def _row(one: Mapping[str, Any], found: Mapping[str, Any]) -> TrialRow:
    return TrialRow(
        number=str(one["index"]),
        status=status("chosen" if is_chosen(one, found) else one["status"]),
        resource=number(one["resource"]) if "resource" in one else "",
        settings={name: shown(value) for name, value in one["params"].items()},
        mean="" if one["mean"] is None else number(one["mean"]),
        spread="" if one["std"] is None else number(one["std"]),
        folds=", ".join(f"{score:.4g}" for score in one["scores"]),
        took=took(one["seconds"]),
        message=one["message"] or "",
    )
