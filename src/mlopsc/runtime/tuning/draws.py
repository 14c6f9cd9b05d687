"""Draws: the parameters of a trial, settled by space, seed and the trial's number alone."""

from collections.abc import Mapping
from math import exp, floor, log
from typing import Any

import numpy as np

from mlopsc.vocabulary.tuning import Dimension, Draw, Floats, Integers, LogUniform, grid, grid_size, listed

_LISTED = 100_000
"""Combinations up to which a random search draws without putting back, as scikit-learn's ParameterSampler does."""


def drawn(draw: Draw, space: Mapping[str, Dimension], seed: int, index: int) -> dict[str, Any]:
    """Return the parameters of trial `index`.

    Chance comes from NumPy's RandomState, whose sequence for a seed is the same in every version. Where all values can
    be listed, no combination comes twice among the first `grid_size(space)` trials.
    """
    match draw:
        case "grid":
            return grid(space)[index]
        case "random":
            if 0 < (size := grid_size(space)) <= _LISTED:
                return grid(space)[int(np.random.RandomState(seed).permutation(size)[index % size])]
            chance = np.random.RandomState([seed, index])
            return {name: _value(space[name], chance) for name in sorted(space)}


def _value(dimension: Dimension, chance: np.random.RandomState) -> Any:
    match dimension:
        case LogUniform(loguniform=(low, high)):
            return min(high, max(low, exp(chance.uniform(log(low), log(high)))))
        case Integers(int=(low, high), log=True):
            return min(high, floor(exp(chance.uniform(log(low), log(high + 1)))))
        case Floats(float=(low, high), step=None):
            return float(chance.uniform(low, high))
        case _:
            values = listed(dimension)
            assert values is not None
            return values[chance.randint(len(values))]
