"""Groups of rows by the values of columns, features or others, several columns by their intersections."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.learning.frames import read_rows
from mlopsc.runtime.learning.slices import divided, value_codes
from mlopsc.vocabulary.evaluation import Slice


@dataclass(frozen=True)
class Groups:
    """Which group each row belongs to."""

    names: tuple[str, ...]
    """What each group is called: its values as text, several with ` & `; in the order of the values, null last."""
    codes: npt.NDArray[np.int64]
    """Position of each row's group among the names."""

    by: str
    """What the groups are divided by, in words."""
    least: int = 1
    """Groups of fewer rows are not to be judged, whatever a gate says."""

    def sizes(self) -> npt.NDArray[np.int64]:
        """Return how many rows each group has."""
        return np.bincount(self.codes, minlength=len(self.names))


def read_groups(
    test: Path, by: Sequence[str], divisions: Sequence[Slice], rows: npt.NDArray[np.uint64]
) -> tuple[Groups, ...]:
    """Return the groups of a feature table's rows by the values of columns, or those of each of the `divisions`.

    A null is a value of its own, `null`, whatever else is called so. Raises StoreError when `rows` are not the
    table's, in its order.
    """
    if not np.array_equal(read_rows(test), rows):
        raise StoreError("the scored rows are not those of the test part: run the evaluation again")
    if not divisions:
        codes, names = value_codes(test, by, " & ")
        return (Groups(tuple(names), codes, " & ".join(by)),)
    return tuple(_divided(test, one) for one in divisions)


def _divided(test: Path, one: Slice) -> Groups:
    codes, labels = divided(test, one)
    there, places = np.unique(codes, return_inverse=True)
    names = tuple(f"{one.called} {labels[code]}" for code in there.tolist())
    return Groups(names, places, one.called, one.min_rows)
