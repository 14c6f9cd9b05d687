"""A fitted pipeline as an ONNX file: by skl2onnx, boosters by onnxmltools, and labels as the model says them.

Models that learned codes in the place of labels, and models that decide by a threshold of their own, have no converter.
What is inside of them has one; nodes are added that look the labels up, or decide by the probabilities.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.learning.boosting import library_of
from mlopsc.runtime.learning.coded import CodedClasses
from mlopsc.runtime.learning.scoring import class_labels
from mlopsc.vocabulary.exports import NOT_AS_ONNX, ONNX_MODULES, wrongly_converted

_OPSETS = {"": 21, "ai.onnx.ml": 3}
"""Versions of the operators; later ones of trees are not what converters write."""
_BOOSTERS = {
    "xgboost": (
        "XGBoost",
        "xgboost",
        ("XGBClassifier", "XGBRFClassifier"),
        ("XGBRegressor", "XGBRFRegressor"),
    ),
    "lightgbm": ("LightGbm", "lightgbm", ("LGBMClassifier",), ("LGBMRegressor",)),
}
"""Library → onnxmltools' module and function of it, classifiers, regressors."""
Values = npt.NDArray[Any]


def to_onnx(name: str, estimator: Any, signature: Mapping[str, Any]) -> bytes:
    """Return the ONNX file of a model; equal models give equal bytes.

    Inputs are the features by name, each `[rows, 1]`: numbers as float32, text as strings. Outputs are the decisions
    and, of a classifier that has them, the probabilities `[rows, classes]`. Raises MlopscError, naming what cannot be
    converted, and when the extra is not installed.
    """
    missing = [one for one in ONNX_MODULES if find_spec(one) is None]
    if missing:
        raise MlopscError(
            f"ONNX needs {', '.join(missing)}, not installed here", help="pip install 'mlopsc[onnx]'"
        )
    if "loader" in signature:
        raise MlopscError(
            f"{name} cannot be written as ONNX: it is what {signature['estimator']} saved by itself",
            help=NOT_AS_ONNX["loader"],
        )
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.model_selection import FixedThresholdClassifier
    from sklearn.svm import LinearSVC

    around = estimator if isinstance(estimator, FixedThresholdClassifier) else None
    pipeline = estimator if around is None else getattr(around, "estimator_", around.estimator)
    _refuse(name, pipeline)
    *before, (last, fitted) = pipeline.steps
    coded = fitted.classes_ if isinstance(fitted, CodedClasses) else None
    inner = fitted if coded is None else fitted.estimator_
    kinds = {"numeric": FloatTensorType, "boolean": FloatTensorType, "string": StringTensorType}
    inputs = [(one["name"], kinds[one["kind"]]([None, 1])) for one in signature["features"]]
    # Probabilities as a matrix; the one class that has none, has no such option either.
    plain: Any = {id(inner): {}} if isinstance(inner, LinearSVC) else {"zipmap": False}
    options = None if class_labels(inner) is None else plain
    with _told(name), _nulls_as_unknown(pipeline):
        _register(library_of(fitted))
        made = skl2onnx.to_onnx(
            Pipeline([*before, (last, inner)]),
            initial_types=inputs,
            options=options,
            name="mlopsc",
            target_opset=_OPSETS,
        )
        if around is not None:
            _decide(made, around)
        elif coded is not None:
            _label(made, coded, made.graph.output[0].name)
        opsets = sorted(made.opset_import, key=lambda one: str(one.domain))  # they come in a set's order
        del made.opset_import[:]
        made.opset_import.extend(opsets)
        return bytes(made.SerializeToString(deterministic=True))


def _refuse(name: str, estimator: Any) -> None:
    """Raise MlopscError for what has no converter, or one that is known to get it wrong."""
    from sklearn.calibration import CalibratedClassifierCV

    from mlopsc.runtime.learning.segmented import SegmentedModel

    match estimator:
        case SegmentedModel():
            what = f"it is {len(estimator.models)} models, one for each segment by '{estimator.column}'"
            help = NOT_AS_ONNX["for_each"]
        case CalibratedClassifierCV():
            what = (
                "its probabilities are calibrated around the preprocessing, which ONNX's converter gets wrong"
            )
            help = NOT_AS_ONNX["calibrate"]
        case _:
            fitted = estimator.steps[-1][1]
            inner = fitted.estimator if isinstance(fitted, CodedClasses) else fitted
            library = library_of(fitted)
            wrong = None if library is None else wrongly_converted(library, inner.get_params())
            if wrong is None:
                return
            what, help = (
                f"the converter gets {library}'s `{wrong}` wrong",
                "train what is to be exported without it",
            )
    raise MlopscError(f"{name} cannot be written as ONNX: {what}", help=help)


@contextmanager
def _nulls_as_unknown(pipeline: Any) -> Iterator[None]:
    """Within it ordinal encoders that code nulls as they code unknown values, by NaN, know of no null.

    The converter would give a null the position after the last category.
    """
    encoders = [one for one in _parts(pipeline) if isinstance(one, OrdinalEncoder)]
    alike = [one for one in encoders if _is_nan(one.unknown_value) and _is_nan(one.encoded_missing_value)]
    before = [one.categories_ for one in alike]
    for one in alike:
        one.categories_ = [
            known[:-1] if len(known) and _is_nan(known[-1]) else known for known in one.categories_
        ]
    try:
        yield
    finally:
        for one, known in zip(alike, before, strict=True):
            one.categories_ = known


def _parts(estimator: Any) -> Iterator[Any]:
    """Yield what a pipeline is made of, the innermost."""
    match estimator:
        case Pipeline():
            inner = [one for _, one in estimator.steps]
        case ColumnTransformer():
            inner = [one for _, one, _ in estimator.transformers_]
        case _:
            yield estimator
            return
    for one in inner:
        yield from _parts(one)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _register(library: str | None) -> None:
    """Tell skl2onnx how a library's boosters are converted."""
    if library is None:
        return
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator as shapes

    module, name, classifiers, regressors = _BOOSTERS[library]
    converters = import_module(f"onnxmltools.convert.{name}.operator_converters.{module}")
    convert, estimators = getattr(converters, f"convert_{name}"), import_module(library)
    for one in classifiers:
        update_registered_converter(
            getattr(estimators, one),
            one,
            shapes.calculate_linear_classifier_output_shapes,
            convert,
            options={"zipmap": [True, False], "nocl": [True, False]},
        )
    for one in regressors:
        shape = shapes.calculate_linear_regressor_output_shapes
        update_registered_converter(getattr(estimators, one), one, shape, convert, options={"split": None})


def _decide(made: Any, around: Any) -> None:
    """Let the file decide as a model with a threshold does: by the positive class's probability."""
    from onnx import TensorProto, helper

    if len(made.graph.output) < 2 or not hasattr(around, "predict_proba"):
        raise MlopscError("its threshold is not on a probability")
    classes = np.asarray(around.classes_)
    positive = classes[1] if around.pos_label is None else around.pos_label
    place = int(np.flatnonzero(classes == positive)[0])
    made.graph.initializer.extend(
        [
            helper.make_tensor("positive_class", TensorProto.INT64, [], [place]),
            helper.make_tensor("threshold", TensorProto.FLOAT, [], [around.threshold]),
        ]
    )
    probabilities = made.graph.output[1].name
    nodes = [
        helper.make_node("Gather", [probabilities, "positive_class"], ["positive_probability"], axis=1),
        helper.make_node("GreaterOrEqual", ["positive_probability", "threshold"], ["is_positive"]),
        helper.make_node("Cast", ["is_positive"], ["decided"], to=TensorProto.INT64),
    ]
    _label(made, np.array([classes[1 - place], classes[place]]), "decided", nodes)
    helper.set_model_props(made, {"threshold": repr(float(around.threshold))})


def _label(made: Any, labels: Values, codes: str, before: list[Any] | None = None) -> None:
    """Answer, in the place of the first output, with the labels at the positions that `codes` holds."""
    from onnx import TensorProto, helper

    answer = made.graph.output[0]
    for node in made.graph.node:
        for names in (node.input, node.output):
            for index, one in enumerate(names):
                if one == answer.name:
                    names[index] = f"{one}_code"
    codes = f"{codes}_code" if codes == answer.name else codes
    values: Any = labels.tolist()
    if labels.dtype.kind in "OUS":
        kind, values = TensorProto.STRING, [str(one).encode() for one in values]
    elif labels.dtype.kind == "f":
        kind = TensorProto.FLOAT
    else:
        kind, values = TensorProto.INT64, [int(one) for one in values]
    made.graph.initializer.append(helper.make_tensor("labels", kind, [len(labels)], values))
    made.graph.node.extend([*(before or ()), helper.make_node("Gather", ["labels", codes], [answer.name])])
    answer.type.tensor_type.elem_type = kind


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of converters, by protobuf
            yield
    except Exception as error:  # of many classes, some of them private
        raise unfit(name, "cannot be written as ONNX", error) from error


def unfit(name: str, what: str, error: Exception) -> MlopscError:
    """Return the error that tells in one line what a library says of a model."""
    if isinstance(error, MlopscError):
        return MlopscError(f"{name} {what}: {error}", help=error.help)
    cause = error.__cause__ or error  # a node that cannot be made is told with all its numbers
    first = next(iter(str(cause).strip().splitlines()), "")
    return MlopscError(
        f"{name} {what}: {type(cause).__name__}: {first[:300]}",
        help="ONNX holds scikit-learn's estimators and preprocessing, not all of them, and none of a project's own",
    )
