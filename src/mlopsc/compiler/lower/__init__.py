"""From a checked spec to a plan: one train pipeline, and one pipeline for each monitor."""

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.monitor import lower_monitor
from mlopsc.compiler.lower.train import lower_train
from mlopsc.plan.plan import Infrastructure, Pipeline, Plan

__all__ = ["lower"]


def lower(analysis: Analysis, training: str | None = None) -> Plan:
    """Return the plan of a spec without errors; `training` narrows the train pipeline to one."""
    spec = analysis.spec
    pipelines: list[Pipeline] = []
    if spec.training:
        pipelines.append(lower_train(analysis, [training] if training else spec.training))
    pipelines += [lower_monitor(analysis, name, monitor) for name, monitor in spec.entries("monitors")]
    assert spec.project is not None
    return Plan(
        project=spec.project.name,
        spec=spec.document.file,
        environment=spec.environment,
        pipelines=tuple(pipelines),
        infrastructure=Infrastructure(**spec.infrastructure.model_dump()),
    )
