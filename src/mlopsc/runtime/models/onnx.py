"""A fitted scikit-learn model as ONNX, and what it answers there beside what it answers here.

ONNX Runtime computes in single precision, so answers agree within a tolerance, and a tree may take another branch where
a value lies at its threshold. Hence nothing is exported without having been compared on real rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.learning.scoring import class_labels
from mlopsc.runtime.models.onnx_file import to_onnx, unfit
from mlopsc.vocabulary.exports import OnnxExport

NULL = "nan"
"""What stands for a null in text, which ONNX does not know; in numbers it is NaN."""
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """How answers in ONNX differ from the model's own: probabilities where there are any, else predictions."""

    rows: int
    largest: float
    """The largest difference; of a regression relative to the largest prediction."""
    beyond: int
    """Rows that differ by more than the tolerance, or are decided otherwise."""


def compared_onnx(
    name: str, estimator: Any, signature: Mapping[str, Any], table: pd.DataFrame, allowed: OnnxExport
) -> tuple[bytes, Comparison]:
    """Return the ONNX file of a model, and how its answers about rows of features differ from the model's own.

    Raises as `to_onnx` does, and MlopscError when there are no rows, or more of them differ than is allowed.
    """
    data = to_onnx(name, estimator, signature)
    return data, accepted(name, compare(name, data, estimator, signature, table, allowed.tolerance), allowed)


def accepted(name: str, found: Comparison, allowed: OnnxExport) -> Comparison:
    """Return what was found; raises MlopscError when more rows differ than is allowed."""
    if found.beyond <= allowed.beyond * found.rows:
        return found
    raise MlopscError(
        f"{name} was not written: as ONNX, {found.beyond} of its {found.rows} test rows are answered otherwise, by up "
        f"to {found.largest:.3g}, where {allowed.tolerance:g} is allowed",
        help="trees that take another branch at a threshold are a few rows, which a share allows, `beyond`; many are "
        "a part of the model that its converter gets wrong, such as native categories (`encode: ordinal` has none) and "
        "nulls in scikit-learn's forests (`impute: median` leaves none)",
    )


def compare(
    name: str,
    data: bytes,
    estimator: Any,
    signature: Mapping[str, Any],
    table: pd.DataFrame,
    tolerance: float,
) -> Comparison:
    """Ask both about rows of features. Raises MlopscError when there are none, or ONNX Runtime cannot run the file."""
    import onnxruntime

    if not len(table):
        raise MlopscError(f"{name} has no test rows on which it could be compared with itself as ONNX")

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = 1, 4
    try:
        session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
        answers = session.run(None, feed(table, signature))
    except Exception as error:  # of classes that are private
        raise unfit(name, "cannot be run by ONNX Runtime", error) from error
    decided = np.asarray(answers[0]).reshape(len(table))
    expected = np.asarray(estimator.predict(table))
    classes = class_labels(estimator)
    if classes is None:
        away = np.abs(decided.astype(np.float64) - expected) / max(float(np.abs(expected).max()), 1e-300)
        other = np.zeros(len(table), dtype=bool)
    else:
        other = decided.astype(classes.dtype) != expected
        away = np.zeros(len(table))
        if hasattr(estimator, "predict_proba"):
            away = np.abs(np.asarray(answers[1], dtype=np.float64) - estimator.predict_proba(table)).max(
                axis=1
            )
    beyond = other | ~(away <= tolerance)  # a NaN is beyond
    return Comparison(len(table), float(np.nanmax(away)), int(beyond.sum()))


def feed(table: pd.DataFrame, signature: Mapping[str, Any]) -> dict[str, Values]:
    """Return rows of features as ONNX takes them."""
    found: dict[str, Values] = {}
    for one in signature["features"]:
        column = table[one["name"]]
        if one["kind"] == "string":
            values = column.astype(object).where(column.notna(), NULL).to_numpy(dtype=object)
        else:
            values = column.to_numpy(dtype=np.float32)
        found[one["name"]] = values.reshape(-1, 1)
    return found
