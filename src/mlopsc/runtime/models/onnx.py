"""A fitted scikit-learn model as ONNX, and what it answers there beside what it answers here.

ONNX Runtime computes in single precision, so answers agree within a tolerance, and a tree may take another branch where
a value lies at its threshold. Hence nothing is exported without having been compared on real rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.learning.scoring import class_labels

NULL = "nan"
"""What stands for a null in text, which ONNX does not know; in numbers it is NaN."""
_NEEDED = ("skl2onnx", "onnxruntime")
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """How answers in ONNX differ from the model's own: probabilities where there are any, else predictions."""

    rows: int
    largest: float
    """The largest difference; of a regression relative to the largest prediction."""
    beyond: int
    """Rows that differ by more than the tolerance, or are decided otherwise."""


def to_onnx(name: str, estimator: Any, signature: Mapping[str, Any]) -> bytes:
    """Return the ONNX file of a model; equal models give equal bytes.

    Inputs are the features by name, each `[rows, 1]`: numbers as float32, text as strings. Raises MlopscError, naming
    what cannot be converted, and when the extra is not installed.
    """
    missing = [one for one in _NEEDED if find_spec(one) is None]
    if missing:
        raise MlopscError(
            f"ONNX needs {', '.join(missing)}, not installed here", help="pip install 'mlopsc[onnx]'"
        )
    if "loader" in signature:
        raise MlopscError(
            f"{name} cannot be written as ONNX: it is what {signature['estimator']} saved by itself",
            help="export it where it is trained, with the library that made it",
        )
    _refuse_wrapped(name, estimator)
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    kinds = {"numeric": FloatTensorType, "boolean": FloatTensorType, "string": StringTensorType}
    inputs = [(one["name"], kinds[one["kind"]]([None, 1])) for one in signature["features"]]
    options = None if class_labels(estimator) is None else {"zipmap": False}
    with _told(name, "cannot be written as ONNX"):
        made = skl2onnx.to_onnx(estimator, initial_types=inputs, options=options, name="mlopsc")
        return bytes(made.SerializeToString(deterministic=True))


def _refuse_wrapped(name: str, estimator: Any) -> None:
    """Raise MlopscError for what is around a pipeline and has no converter, or one that gets it wrong."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import FixedThresholdClassifier

    from mlopsc.runtime.learning.segmented import SegmentedModel

    match estimator:
        case SegmentedModel():
            what = f"it is {len(estimator.models)} models, one for each segment by '{estimator.column}'"
            help = f"train what is to be exported without `for_each`; '{estimator.column}' can be one of its features"
        case CalibratedClassifierCV():
            what = (
                "its probabilities are calibrated around the preprocessing, which ONNX's converter gets wrong"
            )
            help = "train what is to be exported without `calibrate`"
        case FixedThresholdClassifier():
            what = f"it decides by a threshold of its own, {estimator.threshold:g}, which has no converter"
            help = "train what is to be exported without `threshold`, and decide by its probabilities where it is asked"
        case _:
            return
    raise MlopscError(f"{name} cannot be written as ONNX: {what}", help=help)


def compare(
    name: str,
    data: bytes,
    estimator: Any,
    signature: Mapping[str, Any],
    table: pd.DataFrame,
    tolerance: float,
) -> Comparison:
    """Ask both about rows of features. Raises MlopscError when ONNX Runtime cannot run the file."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = 1, 4
    with _told(name, "cannot be run by ONNX Runtime"):
        session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
        answers = session.run(None, feed(table, signature))
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


@contextmanager
def _told(name: str, what: str) -> Iterator[None]:
    try:
        yield
    except MlopscError:
        raise
    except Exception as error:  # of many classes, some of them private
        cause = error.__cause__ or error  # a node that cannot be made is told with all its numbers
        first = next(iter(str(cause).strip().splitlines()), "")
        raise MlopscError(
            f"{name} {what}: {type(cause).__name__}: {first[:300]}",
            help="ONNX holds scikit-learn's estimators and preprocessing, not all of them, and none of a project's own",
        ) from error
