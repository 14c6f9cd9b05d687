"""Tests of two models on the same rows: is one better, or would chance do as well.

The paired bootstrap resamples rows (B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 16);
the permutation exchanges what the models say of a row (E. Noreen, "Computer-intensive methods for testing hypotheses",
1989, "approximate randomization").
"""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlopsc.runtime.decisions import number
from mlopsc.runtime.learning.resampling import resampled, statistic
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.vocabulary.gates import ChampionGate
from mlopsc.vocabulary.metrics import Metric


@dataclass(frozen=True)
class Found:
    """What a test says, in words that follow the difference, and its numbers."""

    passed: bool
    words: str
    evidence: dict[str, Any] = field(default_factory=dict)


def bootstrap(
    gate: ChampionGate,
    metric: Metric,
    mine: Scored,
    theirs: Scored,
    sign: float,
    needed: float,
    project: Path,
) -> Found:
    """Say whether all but a share 1 - level of the resamples have the candidate more than `needed` better.

    A resample in which either has no value counts as one in which the candidate is worse.
    """
    statistics = [statistic(scored, metric, project) for scored in (mine, theirs)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = resampled(statistics, len(mine), gate.resamples, gate.seed)
    better = sign * (found[:, 0] - found[:, 1])
    better[~np.isfinite(better)] = -np.inf
    bound = float(np.quantile(better, 1 - gate.level, method="lower"))
    evidence = {"bound": bound if np.isfinite(bound) else None, **_said(gate)}
    if bound > needed:
        return Found(True, f", at level {gate.level:g} by more than {number(bound)}", evidence)
    least = f"more than {number(bound)}" if np.isfinite(bound) else "nothing"
    words = f", which may be chance: at level {gate.level:g} it is sure of {least}, not of more than {number(needed)}"
    return Found(False, words, evidence)


def permutation(
    gate: ChampionGate,
    metric: Metric,
    mine: Scored,
    theirs: Scored,
    sign: float,
    better: float,
    project: Path,
) -> Found:
    """Say whether the difference is rarer than 1 - level when each row's answers change sides by the toss of a coin.

    The p-value counts the difference itself, so it is never 0.
    """
    if not _alike(mine, theirs):
        words = "; but a permutation cannot exchange what they say, for they tell other classes apart"
        return Found(False, words, {"p_value": None, **_said(gate)})
    rows = len(mine)
    value = statistic(mine.followed_by(theirs), metric, project)
    chance = np.random.RandomState(gate.seed)
    reached = 1
    with steady_sums(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(gate.resamples):
            own = chance.randint(0, 2, rows)
            first, second = np.concatenate([own, 1 - own]), np.concatenate([1 - own, own])
            other = sign * (value(first) - value(second))
            reached += not other < better - 1e-12
    p_value = reached / (gate.resamples + 1)
    passed = better > 0 and p_value <= 1 - gate.level + 1e-12
    words = f", which chance reaches with probability {number(p_value)}, at most {number(1 - gate.level)} is asked for"
    return Found(passed, words, {"p_value": p_value, **_said(gate)})


def _alike(mine: Scored, theirs: Scored) -> bool:
    if mine.classes is None or theirs.classes is None:
        return mine.classes is theirs.classes
    return bool(mine.classes.tolist() == theirs.classes.tolist())


def _said(gate: ChampionGate) -> dict[str, Any]:
    return {"test": gate.test, "resamples": gate.resamples, "seed": gate.seed}
