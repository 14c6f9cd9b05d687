"""Measures of what was decided for each row: they follow from the counts of (label, decision) pairs."""

from collections.abc import Callable
from functools import partial

import numpy as np

from mlopsc.runtime.learning.measures.forms import Floats, Makers, Measure, quotients
from mlopsc.runtime.learning.scoring import Answers

_OfCounts = Callable[[Floats], Floats]
"""Counts (weightings × labels × decisions) → values."""


def of_counts(formula: _OfCounts, answers: Answers, *, classes: int | None = None) -> Measure | None:
    """Return a formula over counts as a function of weights; None for a regression, or other than so many classes."""
    if answers.classes is None or (classes is not None and len(answers.classes) != classes):
        return None
    truth, said = answers.codes, answers.decided
    size = int(max(truth.max(initial=0), said.max(initial=0), len(answers.classes) - 1)) + 1
    pairs = truth * size + said

    def measured(weights: Floats) -> Floats:
        counts = [np.bincount(pairs, weights=one, minlength=size * size) for one in weights]
        return formula(np.array(counts, dtype=np.float64).reshape(-1, size, size))

    return measured


def accuracy(counts: Floats) -> Floats:
    return quotients(np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2)))


def balanced_accuracy(counts: Floats) -> Floats:
    """Return the mean recall of the classes that there are."""
    there = counts.sum(axis=2)
    recall = quotients(np.diagonal(counts, axis1=1, axis2=2), there)
    return quotients(recall.sum(axis=1), (there > 0).sum(axis=1).astype(np.float64))


def matthews(counts: Floats) -> Floats:
    """Return Gorodkin's correlation of several classes (2004), Matthews' of two; 0 where one side is constant."""
    total, right = counts.sum(axis=(1, 2)), np.trace(counts, axis1=1, axis2=2)
    said, true = counts.sum(axis=1), counts.sum(axis=2)
    both = right * total - (said * true).sum(axis=1)
    spread = (total**2 - (said**2).sum(axis=1)) * (total**2 - (true**2).sum(axis=1))
    return quotients(both, np.sqrt(spread))


def _parts(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Return for each class: rightly said, said, and how many there are."""
    return np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=1), counts.sum(axis=2)


def precision(right: Floats, said: Floats, true: Floats) -> Floats:  # noqa: ARG001
    return quotients(right, said)


def recall(right: Floats, said: Floats, true: Floats) -> Floats:  # noqa: ARG001
    return quotients(right, true)


def f1(right: Floats, said: Floats, true: Floats) -> Floats:
    return quotients(2 * right, said + true)


def jaccard(right: Floats, said: Floats, true: Floats) -> Floats:
    return quotients(right, said + true - right)


_Share = Callable[[Floats, Floats, Floats], Floats]


def _binary(share: _Share, counts: Floats) -> Floats:
    return share(*(part[:, 1] for part in _parts(counts)))


def _macro(share: _Share, counts: Floats) -> Floats:
    """Return the mean over the classes that are there or were said."""
    right, said, true = _parts(counts)
    shares, there = share(right, said, true), said + true > 0
    return quotients(np.where(there, shares, 0.0).sum(axis=1), there.sum(axis=1).astype(np.float64))


def _micro(share: _Share, counts: Floats) -> Floats:
    return share(*(part.sum(axis=1) for part in _parts(counts)))


def _weighted(share: _Share, counts: Floats) -> Floats:
    right, said, true = _parts(counts)
    return quotients((share(right, said, true) * true).sum(axis=1), true.sum(axis=1))


def _makers() -> Makers:
    made: dict[str, Callable[[Answers], Measure | None]] = {
        "accuracy": partial(of_counts, accuracy),
        "balanced_accuracy": partial(of_counts, balanced_accuracy),
        "matthews_corrcoef": partial(of_counts, matthews),
    }
    for name, share in {"precision": precision, "recall": recall, "f1": f1, "jaccard": jaccard}.items():
        made[name] = partial(of_counts, partial(_binary, share), classes=2)
        for way, averaged in {"macro": _macro, "micro": _micro, "weighted": _weighted}.items():
            made[f"{name}_{way}"] = partial(of_counts, partial(averaged, share))
    return made


MAKERS: Makers = _makers()
