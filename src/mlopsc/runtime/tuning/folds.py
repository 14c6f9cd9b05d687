"""Folds: pairs of rows to learn from and rows to score on, made of the train part alone."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.holdout import Fold, group_codes, times_of
from mlopsc.vocabulary import tuning
from mlopsc.vocabulary.tuning import CrossValidation


def make_folds(path: Path, label: npt.NDArray[Any], cv: CrossValidation, seed: int) -> list[Fold]:
    """Return the folds of a feature table; raises StepFailed when it has too few rows, groups or times for them."""
    rows = np.arange(len(label))
    try:
        match cv:
            case tuning.KFold():
                return list(KFold(cv.folds, shuffle=True, random_state=seed).split(rows))
            case tuning.StratifiedFolds():
                classes = np.unique(label, return_inverse=True)[1]
                _require_rows_of_each_class(classes, cv.folds)
                return list(StratifiedKFold(cv.folds, shuffle=True, random_state=seed).split(rows, classes))
            case tuning.GroupFolds():
                return list(GroupKFold(cv.folds).split(rows, groups=group_codes(path)))
            case tuning.TimeFolds():
                return time_folds(times_of(path), cv.folds, cv.gap.total_seconds() * 1_000_000)
    except ValueError as error:
        raise StepFailed(
            f"the train part cannot be divided into {cv.folds} folds by `{cv.type}`: {error}",
            help="choose fewer `folds`, or another `cv`",
        ) from error


def thinned(folds: Sequence[Fold], share: float, seed: int) -> list[Fold]:
    """Return the folds with a share of the rows to learn from, drawn by the seed; all are scored that were.

    The rows of a share are among those of any greater one. Rounded up.
    """
    if share == 1:
        return list(folds)
    found = []
    for number, (learned, scored) in enumerate(folds):
        drawn = np.random.RandomState([seed, number]).permutation(learned)[: ceil(share * len(learned))]
        found.append((np.sort(drawn), scored))
    return found


def time_folds(times: npt.NDArray[np.int64], folds: int, gap: float) -> list[Fold]:
    """Return folds as scikit-learn's TimeSeriesSplit makes them of rows in order of time.

    Rows at the very time of the first one scored are not learned from, nor those less than `gap` before it; `times`
    and `gap` are in one unit. Raises ValueError when nothing is left to learn from.
    """
    order = np.argsort(times, kind="stable")
    found = []
    for before, after in TimeSeriesSplit(folds).split(order):
        learned, scored = order[before], order[after]
        learned = learned[times[learned] < times[scored[0]] - (gap if gap else 0)]
        if not len(learned):
            raise ValueError("in one of them no row is old enough to learn from")
        found.append((np.sort(learned), np.sort(scored)))
    return found


def _require_rows_of_each_class(classes: npt.NDArray[np.intp], folds: int) -> None:
    least = int(np.bincount(classes).min())
    if least < folds:
        raise ValueError(f"one class has {least} rows only")
