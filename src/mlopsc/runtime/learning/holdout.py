"""Rows of the train part held out from the fit, in the way in which the split holds out the test part: of a column
split, which says nothing of the train part, by chance."""

from math import ceil
from pathlib import Path
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.vocabulary.artifacts import GROUP, TIME
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit, RandomSplit, Split, StratifiedSplit, TimeSplit

Positions = npt.NDArray[np.intp]
Fold = tuple[Positions, Positions]
"""Rows to learn from and rows held out, each ascending."""


def read_blocks(path: Path, split: Split) -> npt.NDArray[Any] | None:
    """Return of each row of a feature table what `hold_out` keeps together or in order; None where it does neither."""
    match split:
        case RandomSplit() | StratifiedSplit() | ColumnSplit():
            return None
        case GroupSplit():
            return group_codes(path)
        case TimeSplit():
            return times_of(path)
        case _:
            assert_never(split)


def group_codes(path: Path) -> npt.NDArray[Any]:
    """Return a whole number for the group of each row of a feature table; null is a group."""
    groups = _column(path, GROUP).combine_chunks().dictionary_encode(null_encoding="encode")
    return np.asarray(groups.indices)


def times_of(path: Path) -> npt.NDArray[np.int64]:
    """Return the time of each row of a feature table, in microseconds since 1970."""
    return np.asarray(_column(path, TIME).cast(pa.int64()))


def _column(path: Path, name: str) -> pa.ChunkedArray:
    with path.open("rb") as file:
        return pq.read_table(file, columns=[name]).column(name)


def hold_out(
    split: Split, held: float, classes: npt.NDArray[Any], blocks: npt.NDArray[Any] | None, seed: int
) -> list[Fold]:
    """Return the folds, or the one fold whose share is held out, of rows of these classes (codes from 0).

    `blocks` are codes of the groups of a `group` split, and times of a `time` split. Classes keep their shares in
    each fold as far as groups allow. In order of time, what is learned from is older than what is held out. Raises
    StepFailed when a part of a fold would lack a class.
    """
    folds = held if isinstance(held, int) else max(2, round(1 / held))
    try:
        found = list(_folds(split, folds, held, classes, blocks, seed))
    except ValueError as error:
        raise StepFailed(f"the train part cannot be divided into {folds} folds: {error}") from error
    if isinstance(held, float):
        found = found[-1:]
    for parts in found:
        if any(len(np.unique(classes[part])) < classes.max() + 1 for part in parts):
            raise StepFailed(
                f"of {len(found)} folds of the train part one lacks a class: too few rows of it, or all in one place",
                help="hold out fewer folds (`cv`), or one share (`validation`)",
            )
    return found


def _folds(
    split: Split,
    folds: int,
    held: float,
    classes: npt.NDArray[Any],
    blocks: npt.NDArray[Any] | None,
    seed: int,
) -> list[Fold]:
    rows = np.arange(len(classes))
    match split:
        case RandomSplit() | StratifiedSplit() | ColumnSplit():
            return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, classes))
        case GroupSplit():
            maker = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            return list(maker.split(rows, classes, blocks))
        case TimeSplit():
            assert blocks is not None
            order = np.argsort(blocks, kind="stable")
            if isinstance(held, int):
                return [_in_time(blocks, order[after]) for _, after in TimeSeriesSplit(folds).split(order)]
            return [_in_time(blocks, order[-ceil(held * len(order)) :])]
        case _:
            assert_never(split)


def _in_time(times: npt.NDArray[Any], held: Positions) -> Fold:
    """Return a fold that holds out these rows, and learns from those that are older than all of them."""
    return np.flatnonzero(times < times[held].min()), np.sort(held)
