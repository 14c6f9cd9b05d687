"""Nested cross-validation: what a whole search is worth, from the scores of its outer folds."""

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any


def nested_scores(folds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return for each metric the `scores` of the outer folds, their `mean` and population deviation `std`.

    A mean that lacks a fold would tell of other rows than it says: null where one has no score. Cawley and Talbot
    (2010), "On over-fitting in model selection and subsequent selection bias in performance evaluation".
    """
    found = {}
    for name in folds[0]["metrics"]:
        scores = [one["metrics"][name] for one in folds]
        whole = None not in scores
        found[name] = {
            "scores": scores,
            "mean": fmean(scores) if whole else None,
            "std": pstdev(scores) if whole else None,
        }
    return {"folds": len(folds), "params": [one["params"] for one in folds], "metrics": found}
