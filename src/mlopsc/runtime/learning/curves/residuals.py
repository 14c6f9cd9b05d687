"""Charts of a regression: predicted against actual values, and what is left between them."""

import numpy as np

from mlopsc.runtime.learning.curves.lines import (
    Chart,
    Floats,
    bin_of,
    edges_between,
    quantile_bins,
    rounded,
    rounded_list,
    running_sums,
)

PAIRS = 400
"""Up to so many rows each pair of values is kept; beyond, counts on a grid."""
_GRID = 40
_BINS = 30
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def predicted_against_actual(actual: Floats, predicted: Floats) -> Chart:
    """Return pairs of values, or `cells` [bin of the actual, bin of the predicted value, rows] on a square grid.

    A grid spans all values but the utmost thousandth on each side; `outside` counts rows beyond.
    """
    rows = len(actual)
    if rows <= PAIRS:
        return {"rows": rows, "actual": rounded_list(actual), "predicted": rounded_list(predicted)}
    both = np.concatenate([actual, predicted])
    low, high = np.quantile(both, (0.001, 0.999)).tolist()
    edges = edges_between(low, high, _GRID)
    inside = (np.fmin(actual, predicted) >= edges[0]) & (np.fmax(actual, predicted) <= edges[-1])
    place = bin_of(actual[inside], edges) * _GRID + bin_of(predicted[inside], edges)
    counted = np.bincount(place, minlength=_GRID * _GRID)
    cells = [[*divmod(cell, _GRID), int(counted[cell])] for cell in np.flatnonzero(counted).tolist()]
    outside = rows - int(np.count_nonzero(inside))
    return {"rows": rows, "edges": rounded_list(edges), "cells": cells, "outside": outside}


def histogram(actual: Floats, predicted: Floats) -> Chart:
    """Return a histogram of actual minus predicted; `below` and `above` count the utmost values on each side."""
    rest = np.sort(actual - predicted)
    low, high = np.quantile(rest, (0.005, 0.995)).tolist()
    edges = edges_between(low, high, _BINS)
    first, last = np.searchsorted(rest, edges[0], "left"), np.searchsorted(rest, edges[-1], "right")
    bounds = np.concatenate([[first], np.searchsorted(rest, edges[1:-1], "left"), [last]])
    return {
        "mean": rounded(float(running_sums(rest)[-1]) / len(rest)),
        "quantiles": _quantiles(rest),
        "edges": rounded_list(edges),
        "counts": np.diff(bounds).tolist(),
        "below": int(first),
        "above": len(rest) - int(last),
    }


def by_prediction(actual: Floats, predicted: Floats) -> Chart:
    """Return quantiles of actual minus predicted in quantile bins of the prediction, each with its mean."""
    order = np.argsort(predicted)
    ranked, rest = predicted[order], (actual - predicted)[order]
    sums = running_sums(ranked)
    bins = [
        {
            "predicted": rounded(float(sums[end] - sums[start]) / (end - start)),
            "rows": end - start,
            "quantiles": _quantiles(rest[start:end]),
        }
        for start, end in quantile_bins(ranked)
    ]
    return {"bins": bins}


def _quantiles(values: Floats) -> dict[str, float]:
    found = np.quantile(values, _SHARES).tolist()
    return {f"{share:g}": rounded(value) for share, value in zip(_SHARES, found, strict=True)}
