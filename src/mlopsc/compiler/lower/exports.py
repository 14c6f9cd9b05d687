"""Lowering of exports: what the model is written as besides, once it is the one that is registered."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.code import model_code
from mlopsc.compiler.lower.segments import kept_model
from mlopsc.compiler.lower.steps import make_step
from mlopsc.plan.plan import Artifact, Step
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op


def lower_exports(analysis: Analysis, name: str, training: Training) -> Iterator[Step]:
    """Yield the step that writes a training's model as ONNX, where that was asked for."""
    if training.onnx is not None:
        yield make_step(
            _step(name),
            op.ExportOnnx,
            analysis.spec.document,
            ("training", name, "export"),
            inputs={"model": kept_model(name, training), "test": Artifact(step=f"split_{name}", port="test")},
            policy=training.policy,
            training=name,
            onnx=training.onnx,
            code=model_code(training),
            trust=training.trust,
        )


def exported(name: str, training: Training) -> dict[str, Artifact]:
    """Return what that step makes, by the ports of those that keep it or tell of it."""
    if training.onnx is None:
        return {}
    ports = {"onnx": "onnx", "onnx_report": "report"}
    return {port: Artifact(step=_step(name), port=made) for port, made in ports.items()}


def _step(training: str) -> str:
    return f"export_{training}"
