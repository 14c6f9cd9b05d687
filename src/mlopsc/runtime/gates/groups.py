"""Groups of rows by the values of columns, features or others, several columns by their intersections."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.learning.frames import read_rows, read_schema
from mlopsc.vocabulary.artifacts import auxiliary


@dataclass(frozen=True)
class Groups:
    """Which group each row belongs to."""

    by: tuple[str, ...]
    names: tuple[str, ...]
    """What each group is called: its values as text, several with ` & `; sorted."""
    codes: npt.NDArray[np.int64]
    """Position of each row's group among the names."""

    def sizes(self) -> npt.NDArray[np.int64]:
        """Return how many rows each group has."""
        return np.bincount(self.codes, minlength=len(self.names))

    def label(self, index: int) -> str:
        """Return what a group is called in a sentence: `sex = Female`."""
        return f"{' & '.join(self.by)} = {self.names[index]}"


def read_groups(test: Path, by: Sequence[str], rows: npt.NDArray[np.uint64]) -> Groups:
    """Return the groups of a feature table's rows; a null is a value of its own, `null`.

    Raises StoreError when `rows` are not the table's, in its order.
    """
    if not np.array_equal(read_rows(test), rows):
        raise StoreError("the scored rows are not those of the test part: run the evaluation again")
    there = read_schema(test).names
    columns = [name if name in there else auxiliary(name) for name in by]
    table = pq.read_table(test, columns=columns)
    values = np.array([_texts(table.column(name)) for name in columns], dtype=object)
    joined = np.array([" & ".join(parts) for parts in values.T.tolist()], dtype=object)
    names, codes = np.unique(joined, return_inverse=True)
    return Groups(tuple(by), tuple(names.tolist()), codes.astype(np.int64))


def _texts(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    texts: list[Any] = pc.fill_null(pc.cast(column, pa.string()), "null").to_pylist()
    return texts
