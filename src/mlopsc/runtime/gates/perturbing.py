"""Features harmed on purpose: values missing, categories never seen, noise. The same seed harms the same rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopsc.runtime.learning.frames import Feature
from mlopsc.vocabulary.gates.robustness import HARMED, Harm

UNSEEN = "unseen category"
"""What stands for a category that training never saw; with more words where the test part has it."""


def harmed(features: Sequence[Feature], harm: Harm) -> tuple[str, ...]:
    """Return the features that a perturbation is about: text, numbers, or all."""
    return tuple(feature.name for feature in features if feature.kind in HARMED[harm])


def perturbed(table: pd.DataFrame, column: str, harm: Harm, share: float, seed: int) -> pd.DataFrame:
    """Return a table of features, as models take them, with one column harmed.

    `share` is that of the rows, at least one; of noise it is the standard deviation's, of the column's present values.
    """
    values = table[column].to_numpy(copy=True)
    chance = np.random.RandomState(seed)
    if harm == "noise":
        values = values + chance.normal(size=len(values)) * share * _deviation(values)
    else:
        rows = chance.permutation(len(values))[: max(1, round(share * len(values)))]
        values[rows] = np.nan if harm == "nulls" else _unseen(values)
    changed = pd.Series(values, index=table.index, dtype=values.dtype)
    return table.assign(**{column: changed})


def _deviation(values: npt.NDArray[Any]) -> float:
    present = values[np.isfinite(values)]
    return float(np.std(present)) if len(present) else 0.0


def _unseen(values: npt.NDArray[Any]) -> str:
    there, word = set(values.tolist()), UNSEEN
    while word in there:
        word += " of the gate"
    return word
