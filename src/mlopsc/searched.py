"""What a search came to: its trials as they were collected, each with the time that its step took in this run."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.plan.plan import Step


def searches(
    documents: Mapping[tuple[str, str], Any], steps: Mapping[str, Step], took: Mapping[str, float | None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield training and collected trials of each search; `took` are the seconds of the steps that ran.

    Each trial has its `seconds`; `nested` is what an evaluation says of the whole search, where it was asked to.
    Searches on outer folds, whose trials tell nothing of the model, are left out.
    """
    nested = {
        one["training"]: one["nested"]
        for (_, port), one in documents.items()
        if port == "metrics" and "nested" in one
    }
    for (name, port), report in documents.items():
        if port == "trials" and "outer" not in report:
            times = [took.get(trial) for trial in trial_steps(name, steps)]
            timed = zip(report["trials"], times, strict=False)
            training = report["training"]
            whole = {"nested": nested[training]} if training in nested else {}
            yield training, {**report, "trials": [{**one, "seconds": time} for one, time in timed], **whole}


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


def whole_search(search: Mapping[str, Any]) -> str | None:
    """Return in words what nested cross-validation says of a search, None where there was none."""
    found = search.get("nested")
    if found is None:
        return None
    told = (
        f"{name} has no value on one of them"
        if one["mean"] is None
        else f"{name} {one['mean']:.6g}, spread {one['std']:.3g}"
        for name, one in found["metrics"].items()
    )
    return (
        f"What such a search is worth, by {found['folds']} outer folds of the train part: {'; '.join(told)}"
    )
