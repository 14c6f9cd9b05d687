"""From a checked spec to a plan: one train pipeline, one for each monitor and each registered model, one to serve."""

from pathlib import Path
from typing import Any

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.materialize import lower_materialize
from mlopsc.compiler.lower.monitor import lower_monitor
from mlopsc.compiler.lower.predict import lower_predict
from mlopsc.compiler.lower.train import lower_tables, lower_train
from mlopsc.compiler.lower.verify import verify
from mlopsc.plan.plan import Infrastructure, Pipeline, Plan
from mlopsc.vocabulary.references import literal

__all__ = ["lower"]


def lower(analysis: Analysis, training: str | None = None, *, serving: bool = False) -> Plan:
    """Return the plan of a spec without errors; `training` narrows the train pipeline to one.

    Where nothing is trained, that pipeline reads and checks every dataset, and makes every view that is a table.

    The pipeline that fills the online store is there when the spec names a store, or with `serving`.
    """
    spec = analysis.spec
    pipelines: list[Pipeline] = []
    if spec.training:
        pipelines.append(lower_train(analysis, [training] if training else spec.training))
    elif spec.datasets:
        pipelines.append(lower_tables(analysis))
    pipelines += [lower_monitor(analysis, name, monitor) for name, monitor in spec.entries("monitors")]
    pipelines += [lower_predict(analysis, name, model) for name, model in spec.entries("registry")]
    if serving or spec.infrastructure.online_store is not None:
        materialize = lower_materialize(analysis)
        pipelines += [materialize] if materialize else []
    for pipeline in pipelines:
        verify(pipeline)
    assert spec.project is not None  # a spec without one has an error
    urls: dict[str, Any] = {
        key: literal(value) if isinstance(value, str) else value
        for key, value in spec.infrastructure
        if key in Infrastructure.model_fields
    }
    return Plan(
        project=spec.project.name,
        spec=Path(spec.document.file).name,
        environment=spec.environment,
        pipelines=tuple(pipelines),
        infrastructure=Infrastructure(**urls),
    )
