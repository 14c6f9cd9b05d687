"""Export: a model as ONNX, compared with itself on the rows of the test part."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from mlopsc.runtime.atomic import write_bytes
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.learning.frames import features_from, read_features
from mlopsc.runtime.models.onnx import compared_onnx
from mlopsc.vocabulary.operations import ExportOnnx


def run(
    config: ExportOnnx, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Write the ONNX file and the report. Raises MlopscError for a model that ONNX does not hold, or gets wrong."""
    model = open_model(inputs["model"], config.code, context.project, types=config.trust)
    rows = read_features(inputs["test"], features_from(model.signature))
    name = f"the model of {config.training!r}"
    data, found = compared_onnx(name, model.estimator, model.signature, rows, config.onnx)
    write_bytes(outputs["onnx"], data)
    about = {"tolerance": config.onnx.tolerance, "allowed": config.onnx.beyond}
    write_json(outputs["report"], {"training": config.training, **asdict(found), **about})
