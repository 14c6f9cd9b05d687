"""The data gate: what share of the checks of each dataset pass, and how many failures only warned."""

from collections.abc import Mapping
from typing import Any

from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.thresholds import beyond, threshold, within
from mlopsc.vocabulary.gates import DataGate

_TOLD = 3
"""Failed checks that a reason names; the decision holds all of them."""


def judge_data(name: str, gate: DataGate, reports: Mapping[str, Mapping[str, Any]]) -> Decision:
    """Return the decision on validation reports by dataset; a dataset without a check fails.

    `observed` is the smallest share of checks that pass; `failed` tells the checks that do not, dataset by dataset.
    """
    results = {dataset: report["results"] for dataset, report in reports.items()}
    failed = {dataset: [one for one in found if not one["passed"]] for dataset, found in results.items()}
    warned = {
        dataset: [one for one in found if one["on_failure"] == "warn"] for dataset, found in failed.items()
    }
    shares = {
        dataset: (len(found) - len(failed[dataset])) / len(found)
        for dataset, found in results.items()
        if found
    }
    bare = [dataset for dataset, found in results.items() if not found]
    faults = [f"'{dataset}' has no check to be judged by" for dataset in bare]
    kept: list[str] = []
    low, most = threshold(name, gate.min_passed), threshold(name, gate.max_warnings)
    if low is not None:
        for dataset, share in shares.items():
            total = len(results[dataset])
            counted = f"{total - len(failed[dataset])} of {total} checks of '{dataset}' pass"
            if far := beyond(share, low, None):
                faults.append(f"{counted}: {number(share)} is {far} ({_told(failed[dataset])})")
            else:
                kept.append(f"{counted}, {within(low, None)}")
    count = sum(map(len, warned.values()))
    if most is not None:
        words = f"{count} warning{'' if count == 1 else 's'}"
        if far := beyond(count, None, most):
            every = [one for found in warned.values() for one in found]
            faults.append(f"{words}, {far} ({_told(every)})")
        else:
            kept.append(f"{words}, {within(None, most)}")
    return decision(
        name,
        "data",
        "fail" if faults else "pass",
        "; ".join(faults or kept),
        observed=min(shares.values(), default=None),
        threshold=gate.model_dump(mode="json", exclude_none=True, include={"min_passed", "max_warnings"}),
        training=gate.training,
        checks={dataset: len(found) for dataset, found in results.items()},
        warnings=count,
        failed={dataset: [one["told"] for one in found] for dataset, found in failed.items() if found},
    )


def _told(failed: list[Mapping[str, Any]]) -> str:
    more = f"; and {len(failed) - _TOLD} more" if len(failed) > _TOLD else ""
    return "; ".join(one["told"] for one in failed[:_TOLD]) + more
