"""A source: any function that returns a table."""

import pandas as pd
from sklearn.datasets import load_diabetes

NAMES = {
    "bp": "blood_pressure",
    "s2": "ldl",
    "s3": "hdl",
    "s5": "log_triglycerides",
    "s6": "glucose",
    "target": "progression",
}


def load_patients() -> pd.DataFrame:
    """Return the 442 patients of Efron et al. (2004), as scikit-learn bundles them, with telling names."""
    table = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=NAMES)
    table["sex"] = table["sex"].map({1.0: "female", 2.0: "male"})
    table.insert(0, "patient", range(1, len(table) + 1))
    return table[["patient", "age", "sex", "bmi", *NAMES.values()]]
