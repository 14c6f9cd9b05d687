"""Groups of rows by the values of columns, features or others, several columns by their intersections."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.learning.frames import read_rows
from mlopsc.runtime.learning.slices import value_codes


@dataclass(frozen=True)
class Groups:
    """Which group each row belongs to."""

    names: tuple[str, ...]
    """What each group is called: its values as text, several with ` & `; in the order of the values, null last."""
    codes: npt.NDArray[np.int64]
    """Position of each row's group among the names."""

    def sizes(self) -> npt.NDArray[np.int64]:
        """Return how many rows each group has."""
        return np.bincount(self.codes, minlength=len(self.names))


def read_groups(test: Path, by: Sequence[str], rows: npt.NDArray[np.uint64]) -> Groups:
    """Return the groups of a feature table's rows; a null is a value of its own, `null`, whatever else is called so.

    Raises StoreError when `rows` are not the table's, in its order.
    """
    if not np.array_equal(read_rows(test), rows):
        raise StoreError("the scored rows are not those of the test part: run the evaluation again")
    codes, names = value_codes(test, by, " & ")
    return Groups(tuple(names), codes)
