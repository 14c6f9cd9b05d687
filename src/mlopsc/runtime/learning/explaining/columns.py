"""Tables in which one column is another: shuffled, or of one value throughout. The others, and all types, stay."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def shuffled(table: pd.DataFrame, name: str, order: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Return the table with one column's values in another order."""
    return table.assign(**{name: table[name].iloc[order].set_axis(table.index)})


def constant(table: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    """Return the table with one value throughout a column; None is null."""
    kind = np.dtype(object) if table[name].dtype == object else np.dtype(np.float64)
    values = np.full(len(table), np.nan if value is None else value, dtype=kind)
    return table.assign(**{name: pd.Series(values, index=table.index, dtype=kind)})
