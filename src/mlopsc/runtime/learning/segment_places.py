"""Which segment a row is of, told by its value in a column: without scikit-learn, for no model is asked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopsc.runtime.learning.misfits import class_word
from mlopsc.vocabulary.segments import Segment

Places = npt.NDArray[np.intp]


def places_of(column: "pd.Series[Any]", values: Sequence[Segment]) -> Places:
    """Return for each row of a feature's column (see `frames`) which of the values it has, -1 for none of them."""
    of_text = isinstance(values[0], str)
    known = pd.Index(list(values), dtype=object) if of_text else pd.Index(np.array(values, dtype=np.float64))
    if of_text != (column.dtype == object):
        return np.full(len(column), -1, dtype=np.intp)
    return np.asarray(known.get_indexer(pd.Index(column.to_numpy(), dtype=column.dtype)), dtype=np.intp)


def wanted(values: Sequence[Segment]) -> str:
    """Return in words what a column that tells segments may hold."""
    words = [repr(value) if isinstance(value, str) else class_word(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
