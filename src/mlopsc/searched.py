"""What a search came to: its trials as they were collected, each with the time that its step took in this run."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.plan.plan import Step


def searches(
    documents: Mapping[tuple[str, str], Any], steps: Mapping[str, Step], took: Mapping[str, float | None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield training and collected trials of each search; `took` are the seconds of the steps that ran."""
    for (name, port), report in documents.items():
        if port == "trials":
            times = [took.get(trial) for trial in trial_steps(name, steps)]
            timed = zip(report["trials"], times, strict=False)
            yield report["training"], {**report, "trials": [{**one, "seconds": time} for one, time in timed]}


def trial_steps(collected: str, steps: Mapping[str, Step]) -> list[str]:
    """Return the trials behind what collected them, in the order in which it tells of them."""
    found: list[str] = []
    for source in steps[collected].inputs.values():
        match steps[source.step].operation:
            case "trial":
                found.append(source.step)
            case _:
                found += trial_steps(source.step, steps)
    return found


def is_chosen(trial: Mapping[str, Any], search: Mapping[str, Any]) -> bool:
    """Say whether a trial is the one whose parameters the training takes."""
    return bool(trial["index"] == search["best"])
