"""What a model is written as for other programs, and what stands against it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from mlopsc.vocabulary.base import Frozen

ONNX_MODULES = ("skl2onnx", "onnxmltools", "onnxruntime")
"""What writes ONNX and answers with it, the extra `onnx`: modules, whose distributions are called likewise."""
NOT_AS_ONNX = {
    "for_each": "train what is to be exported without `for_each`; its column can be a feature like others",
    "calibrate": "train what is to be exported without `calibrate`",
    "loader": "export it where it is trained, with the library that made it",
}
"""Key of a training whose models ONNX cannot hold → what to do instead."""
_WRONG: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    "xgboost": {"booster": ("dart", "gblinear")},
    "lightgbm": {
        "boosting_type": ("rf",),
        "linear_tree": (True,),
        "objective": ("multiclassova", "cross_entropy", "fair", "mape"),
        "reg_sqrt": (True,),
        "zero_as_missing": (True,),
    },
}
"""Library → values of parameters that onnxmltools has no converter for, or one that gets them wrong."""


def wrongly_converted(library: str, params: Mapping[str, object]) -> str | None:
    """Return the first parameter of a booster, `key: value`, that keeps it from being ONNX."""
    for key, values in _WRONG[library].items():
        if params.get(key) in values:
            return f"{key}: {str(params[key]).lower()}"
    return None


class OnnxExport(Frozen):
    """How far a model's answers as ONNX may differ from its own, on all rows of the test part."""

    tolerance: Annotated[float, Field(ge=0)] = 1e-4
    """Of probabilities; of a regression's predictions relative to the largest."""
    beyond: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of rows that may differ by more, or be decided otherwise."""


class Export(Frozen):
    """What the model that is registered is written as besides, for programs without Python."""

    onnx: bool | OnnxExport
    """An ONNX file, kept with the version; `true` for the differences allowed by default."""
