"""Partial dependence: the mean answer if a feature had one value in every row (Friedman 2001), and how rows differ."""

from typing import Any

import numpy as np
import pandas as pd

from mlopsc.runtime.learning.curves.lines import Floats, rounded, rounded_list, running_sums
from mlopsc.runtime.learning.curves.questions import answer, numbers_of, scores_of
from mlopsc.runtime.learning.curves.unavailable import Unavailable
from mlopsc.runtime.learning.explaining.columns import constant
from mlopsc.runtime.learning.frames import Feature
from mlopsc.runtime.learning.scoring import Answers

POINTS = 20
"""At most so many values of a feature are asked about."""
CLASSES = 6
"""Of at most so many classes, the commonest of the rows, the mean probability is told."""
_BAND = (0.1, 0.9)


def dependence(answers: Answers, feature: Feature) -> dict[str, Any]:
    """Return `values` of a feature, and what the model answers on average if every row had it.

    Numbers: all values where they are few, else points of six digits at equal distances between the 5th and 95th
    percentile, much as in scikit-learn's `partial_dependence`; null is asked about where there are nulls. Texts: the
    commonest, in order of the alphabet, and how many are `left_out`; `rows` counts those that have each.

    Of numbers and of two classes: `mean`, and `low` and `high`, between which 80 % of the rows' own answers lie (their
    curves are those of Goldstein et al. 2015). Of several classes: `classes`, and for each the same in `means`, `lows`
    and `highs`.
    """
    column = answers.table[feature.name]
    values, left_out = _values(column, feature)
    if not values:
        return {"unavailable": "it has no values in these rows"}
    about: dict[str, Any] = {"values": [_told(value, feature) for value in values]}
    if feature.kind != "numeric":
        about["rows"] = [int((column.isna() if value is None else column == value).sum()) for value in values]
    try:
        said = [_answers(answers, feature, value) for value in values]
        about |= _several(answers, said) if said[0].ndim == 2 else _one(said)
    except Unavailable as reason:
        return {"unavailable": str(reason)}
    return about | ({"left_out": left_out} if left_out else {})


def _values(column: "pd.Series[Any]", feature: Feature) -> tuple[list[Any], int]:
    """Return the values that are asked about, null last, and how many are left out."""
    present = column.dropna()
    null = [None] if len(present) < len(column) else []
    if feature.kind == "string":
        counted = sorted(present.value_counts().items(), key=lambda one: (-one[1], str(one[0])))
        return [*sorted(str(value) for value, _ in counted[:POINTS]), *null], max(0, len(counted) - POINTS)
    numbers = np.unique(present.to_numpy(dtype=np.float64))
    if len(numbers) > POINTS:
        low, high = np.quantile(present.to_numpy(dtype=np.float64), [0.05, 0.95])
        return [*dict.fromkeys(map(rounded, np.linspace(low, high, POINTS).tolist())), *null], 0
    return [*numbers.tolist(), *null], 0


def _answers(answers: Answers, feature: Feature, value: Any) -> Floats:
    """Return what the model answers for each row with this value: a number, or of several classes a row of them."""
    asked = Answers(answers.model, constant(answers.table, feature.name, value), answers.truth)
    if asked.classes is not None:
        return scores_of(asked)
    return numbers_of(answer(asked, "predict").reshape(len(asked.truth), -1)[:, 0], "predictions")


def _one(said: list[Floats]) -> dict[str, Any]:
    low, high = _band(said)
    return {"mean": [rounded(_mean(one)) for one in said], "low": low, "high": high}


def _several(answers: Answers, said: list[Floats]) -> dict[str, Any]:
    counted = np.bincount(answers.codes, minlength=len(answers.labels))[: len(answers.labels)]
    shown = np.sort(np.argsort(-counted, kind="stable")[:CLASSES]).tolist()
    each = [_one([one[:, code] for one in said]) for code in shown]
    return {
        "classes": [answers.labels[code] for code in shown],
        **{f"{key}s": [one[key] for one in each] for key in ("mean", "low", "high")},
    }


def _band(said: list[Floats]) -> tuple[list[float], list[float]]:
    bands = np.array([np.quantile(one, _BAND) for one in said])
    return rounded_list(bands[:, 0]), rounded_list(bands[:, 1])


def _mean(values: Floats) -> float:
    return float(running_sums(values)[-1]) / len(values)


def _told(value: Any, feature: Feature) -> Any:
    return bool(value) if feature.kind == "boolean" and value is not None else value
