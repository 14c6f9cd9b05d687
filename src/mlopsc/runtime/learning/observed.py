"""What a model was fitted on, feature by feature: ranges, categories, whether there were nulls; and its first rows."""

from typing import Any

import numpy as np
import pandas as pd

from mlopsc.runtime.learning.frames import Feature

CATEGORIES = 100
"""With more categories than this, a signature says how many there are, and not which."""
EXAMPLE_ROWS = 5


def observed(table: pd.DataFrame, feature: Feature) -> dict[str, Any]:
    """Return `nulls`, and of numbers `min` and `max`, of text `categories` (sorted) or `category_count`."""
    column = table[feature.name]
    present = column.dropna()
    seen: dict[str, Any] = {"nulls": len(present) < len(column)}
    if feature.kind != "string":
        values = present.to_numpy(dtype=np.float64)
        return seen | ({"min": float(values.min()), "max": float(values.max())} if len(values) else {})
    known = sorted(present.unique().tolist())
    return seen | ({"categories": known} if len(known) <= CATEGORIES else {"category_count": len(known)})


def example_of(table: pd.DataFrame, features: tuple[Feature, ...]) -> list[dict[str, Any]]:
    """Return the first rows as JSON: null is None, a boolean is true or false."""
    rows = table.head(EXAMPLE_ROWS)
    columns = {one.name: [_plain(value, one) for value in rows[one.name].tolist()] for one in features}
    return [{name: values[at] for name, values in columns.items()} for at in range(len(rows))]


def _plain(value: Any, feature: Feature) -> Any:
    if value is None or value != value:
        return None
    return bool(value) if feature.kind == "boolean" else value
