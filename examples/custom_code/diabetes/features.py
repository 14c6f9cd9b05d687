"""A transform: a function from tables to a table, whose columns `mlops.yaml` declares."""

import pandas as pd

from diabetes.reference import weight_class

COLUMNS = [
    "patient", "age", "sex", "bmi", "weight_class", "blood_pressure", "ldl_to_hdl", "at_risk",
    "log_triglycerides", "glucose", "progression",
]  # fmt: skip


def describe(patients: pd.DataFrame, risk_ratio: float) -> pd.DataFrame:
    """Add the weight class, and the cholesterol ratio with whether it is above `risk_ratio`."""
    table = patients.assign(
        weight_class=weight_class(patients["bmi"]),
        ldl_to_hdl=patients["ldl"] / patients["hdl"],
    )
    return table.assign(at_risk=table["ldl_to_hdl"] > risk_ratio)[COLUMNS]
