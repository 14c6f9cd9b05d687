"""How long a model takes to predict: on one thread, after a warm-up, each prediction timed by itself."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.vocabulary.gates.latency import PERCENTILES, Percentile


def timed(model: Any, table: pd.DataFrame, rows: int, *, repeats: int, warm_up: int) -> list[float]:
    """Return the seconds of each of `repeats` predictions for `rows` rows of a table, which begins again at its end.

    A model is asked what a service would ask it: for probabilities where it gives them. The model's own jobs are set
    to one as well.
    """
    ask = getattr(model, "predict_proba", None) or model.predict
    places = np.arange(rows)
    parts = [
        table.iloc[(places + start * rows) % len(table)].reset_index(drop=True)
        for start in range(min(repeats, max(1, math.ceil(len(table) / rows))))
    ]
    one_job(model)
    found: list[float] = []
    with steady_sums(threads=1):
        for index in range(warm_up):
            ask(parts[index % len(parts)])
        for index in range(repeats):
            part = parts[index % len(parts)]
            started = time.perf_counter_ns()
            ask(part)
            found.append((time.perf_counter_ns() - started) / 1e9)
    return found


def one_job(model: Any) -> None:
    """Set every open or given `n_jobs` of a scikit-learn model, also inside it, to 1."""
    if hasattr(model, "get_params") and hasattr(model, "set_params"):
        names = [name for name in model.get_params() if name.rpartition("__")[2] == "n_jobs"]
        model.set_params(**dict.fromkeys(names, 1))


def percentiles(seconds: list[float]) -> Mapping[Percentile, float]:
    """Return the percentiles, each a time that was measured: the least one that so many do not exceed."""
    found = np.quantile(seconds, list(PERCENTILES.values()), method="inverted_cdf")
    return dict(zip(PERCENTILES, map(float, found), strict=True))
