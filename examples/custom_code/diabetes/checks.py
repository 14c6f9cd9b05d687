"""A check: which rows are wrong."""

import pandas as pd


def implausible_pressure(table: pd.DataFrame, least: float, most: float) -> pd.Series:
    """Return true for each row whose mean blood pressure no living patient has."""
    return ~table["blood_pressure"].between(least, most)
