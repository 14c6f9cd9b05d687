"""Reference values, imported by the transform: a change here re-runs what depends on it, and nothing else."""

import pandas as pd

WEIGHT_CLASSES = {"underweight": 18.5, "normal": 25.0, "overweight": 30.0, "obese": float("inf")}
"""Upper bounds of the body-mass index, kg/m², exclusive (WHO 2000)."""


def weight_class(bmi: pd.Series) -> pd.Series:
    """Return the class of each body-mass index; null for null."""
    bounds = [0.0, *WEIGHT_CLASSES.values()]
    return pd.cut(bmi, bounds, right=False, labels=list(WEIGHT_CLASSES)).astype("string")
