"""How well one column alone tells the label: what a copy of it, however disguised, cannot hide.

Of classes it is the area under the ROC curve (0.5 … 1), each class against the rest, weighted by their rows; of numbers
the share (0 … 1) of the variance of the label's ranks. Each is taken as the best of three looks: by the column's
groups (values or quantiles; learnt on one half of the rows and judged on the other, so that small groups gain nothing
by chance), by its order, and by where it is filled. Ranks make copies of skewed numbers, and monotone transforms, as
plain as others. All counts are whole numbers, so the result does not depend on threads.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.leakage.grouping import Coded, Mask, Numbers

Look = Literal["values", "order", "nulls"]
LEAST, LEAST_OF_CLASS, LEAST_SHARE = 50, 10, 0.05
"""Fewest rows that say anything, fewest of a class that counts, and the share of rows that must be filled."""
MOST_CLASSES = 20
"""A number with more different values is no class; of more classes the largest count."""


@dataclass(frozen=True)
class Told:
    """The most that a column tells of the label, and by which look."""

    score: float
    look: Look


@dataclass(frozen=True)
class Target:
    """A label to be told: a class, or a number by its rank."""

    codes: Numbers
    classes: bool

    @property
    def measure(self) -> Literal["auc", "r2"]:
        """What scores are."""
        return "auc" if self.classes else "r2"

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to say anything."""
        return self.sufficient(np.ones(len(self.codes), dtype=np.bool_))

    def sufficient(self, rows: Mask) -> bool:
        """Say whether these rows are enough."""
        if rows.sum() < max(LEAST, LEAST_SHARE * len(rows)):
            return False
        counts = np.bincount(self.codes[rows])
        least = LEAST_OF_CLASS if self.classes else 1
        return int((counts >= least).sum()) > 1

    @cached_property
    def halves(self) -> Mask:
        """One half of the rows, by chance that is the same each time."""
        return np.asarray(np.random.RandomState(0).permutation(len(self.codes)) % 2 == 0)


def target(label: Coded, *, classes: bool | None = None) -> Target:
    """Return a label without nulls as what is to be told.

    Unless `classes` says what it is, numbers and times of many values are numbers, and the rest classes.
    """
    if classes is None:
        classes = not label.ordered or int(label.codes.max(initial=0)) < MOST_CLASSES
    return Target(label.codes, classes)


def told(column: Coded, label: Target) -> Told | None:
    """Return how well a column tells the label, None where it has too few rows to say."""
    looks = list(_looks(column, label))
    return max(looks, key=lambda one: one.score) if looks else None


def _looks(column: Coded, label: Target) -> Iterator[Told]:
    filled = column.filled
    score: Callable[[Numbers, Numbers, Mask], float] = _auc_by_groups if label.classes else _r2_by_groups
    if label.sufficient(filled):
        told_of, halves = label.codes[filled], label.halves[filled]
        yield Told(score(column.groups(filled), told_of, halves), "values")
        if column.ordered:
            order = _auc_by_order if label.classes else _r2_by_order
            yield Told(order(column.codes[filled], told_of), "order")
    if label.enough and not filled.all() and filled.any():
        yield Told(score(filled.astype(np.int64), label.codes, label.halves), "nulls")


def _auc_by_order(values: Numbers, classes: Numbers) -> float:
    counts = _table(values, classes)
    scores = [_auc(counts, index) for index in _counted(counts)]
    return _weighed(counts, [max(score, 1 - score) for score in scores])


def _auc_by_groups(groups: Numbers, classes: Numbers, half: Mask) -> float:
    whole = _table(groups, classes)
    one = _table(groups[half], classes[half], whole.shape)
    found = []
    for judged, learnt in ((one, whole - one), (whole - one, one)):
        share = learnt.sum(axis=0) / max(1, learnt.sum())
        rates = (learnt + share) / (learnt.sum(axis=1, keepdims=True) + 1)
        found.append([_auc(_merged(judged, rates[:, index]), index) for index in _counted(whole)])
    return _weighed(whole, [sum(pair) / 2 for pair in zip(*found, strict=True)])


def _counted(counts: Numbers) -> list[int]:
    """Return the classes that are looked at: of two the second alone, for it says all."""
    rows = counts.sum(axis=0)
    enough = [int(index) for index in np.argsort(-rows, kind="stable") if rows[index] >= LEAST_OF_CLASS]
    return sorted(enough[:MOST_CLASSES])[-1:] if counts.shape[1] == 2 else sorted(enough[:MOST_CLASSES])


def _weighed(counts: Numbers, scores: list[float]) -> float:
    weights = counts.sum(axis=0)[_counted(counts)]
    return float(np.dot(weights, scores) / weights.sum())


def _table(groups: Numbers, classes: Numbers, shape: tuple[int, ...] | None = None) -> Numbers:
    """Return the rows of each group (down) and class (across)."""
    down, across = shape or (int(groups.max()) + 1, int(classes.max()) + 1)
    return np.bincount(groups * across + classes, minlength=down * across).reshape(down, across)


def _merged(counts: Numbers, rates: npt.NDArray[np.float64]) -> Numbers:
    """Return the rows by rising rate; groups of one rate are one."""
    _, places = np.unique(rates, return_inverse=True)
    merged = np.zeros((int(places.max()) + 1, counts.shape[1]), dtype=np.int64)
    np.add.at(merged, places, counts)
    return merged


def _auc(counts: Numbers, index: int) -> float:
    """Return the area of a class against the rest, from groups by rising score; 0.5 where one side is empty."""
    positive = counts[:, index]
    negative = counts.sum(axis=1) - positive
    pairs = 2 * int(positive.sum()) * int(negative.sum())
    below = np.cumsum(negative) - negative
    return int(positive @ (2 * below + negative)) / pairs if pairs else 0.5


def _ranks(codes: Numbers) -> Numbers:
    """Return twice the rank of each value, less what makes their sum zero; ties share a rank."""
    counts = np.bincount(codes)
    return np.asarray((2 * np.cumsum(counts) - counts - len(codes))[codes], dtype=np.int64)


def _r2_by_order(values: Numbers, numbers: Numbers) -> float:
    x, y = _ranks(values), _ranks(numbers)
    spread = int(x @ x) * int(y @ y)
    return int(x @ y) ** 2 / spread if spread else 0.0


def _r2_by_groups(groups: Numbers, numbers: Numbers, half: Mask) -> float:
    ranks, size = _ranks(numbers), int(groups.max()) + 1
    found = []
    for judged in (half, ~half):
        learnt = ~judged
        rows = np.bincount(groups[learnt], minlength=size)
        sums = np.zeros(size, dtype=np.int64)
        np.add.at(sums, groups[learnt], ranks[learnt])
        mean = int(sums.sum()) / max(1, int(rows.sum()))
        means = (sums + mean) / (rows + 1)
        errors = ranks[judged] - means[groups[judged]]
        spread = ranks[judged] - ranks[judged].mean()
        total = float(spread @ spread)
        found.append(1 - float(errors @ errors) / total if total else 0.0)
    return max(0.0, sum(found) / 2)
