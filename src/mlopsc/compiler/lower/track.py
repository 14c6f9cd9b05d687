"""Lowering of tracking: one step a training, after all that it tells of, so that every target tracks alike."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.exports import exported
from mlopsc.compiler.lower.segments import kept_model, model_step
from mlopsc.compiler.lower.steps import make_step
from mlopsc.plan.graph import ancestors
from mlopsc.plan.plan import Artifact, Step
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.sources import SecretHandle

_SHOWN = ("path", "url", "table", "query_file", "metadata", "python", "revision")
"""Keys of a source that say where data come from, in the order in which they are told."""


def lower_track(
    analysis: Analysis, made: Mapping[str, Step], name: str, code: tuple[str, ...]
) -> Iterator[Step]:
    """Yield the step that tells what a training came to, where the spec says that runs are tracked."""
    spec = analysis.spec
    tracking = spec.infrastructure.tracking
    if tracking is None:
        return
    assert spec.project is not None  # a spec without one has an error
    server = tracking.mlflow
    used = {server.secret: spec.secrets[server.secret]} if isinstance(server, SecretHandle) else {}
    training = analysis.training(name)
    maker = model_step(name, training)
    causes = [made[one] for one in sorted(ancestors(made, maker) | {maker})]
    loads = {
        one.removeprefix("load_"): made[one]
        for one in (step.name for step in causes)
        if one.startswith("load_")
    }
    gates, models = tuple(analysis.gates_of(name)), tuple(analysis.models_of(name))
    search, explain = f"trials_{name}", f"explain_{name}"
    inputs = {
        "model": kept_model(name, training),  # metrics are those of the model that was judged
        "metrics": Artifact(step=f"evaluate_{name}", port="metrics"),
        "curves": Artifact(step=f"evaluate_{name}", port="curves"),
        "environment": Artifact(step=maker, port="environment"),
        **({"trials": Artifact(step=search, port="trials")} if search in made else {}),
        **({"explanation": Artifact(step=explain, port="explanation")} if explain in made else {}),
        **exported(name, training),
        **{f"report_{one}": Artifact(step=f"validate_{one}", port="report") for one in loads},
        **{f"decision_{one}": Artifact(step=f"gate_{one}", port="decision") for one in gates},
        **{f"registered_{one}": Artifact(step=f"register_{one}", port="decision") for one in models},
    }
    yield make_step(
        f"track_{name}",
        op.Track,
        spec.document,
        ("infrastructure", "tracking"),
        inputs=inputs,
        project=spec.project.name,
        training=name,
        mlflow=server,
        experiment=tracking.experiment or spec.project.name,
        secrets=used,
        params=_params(analysis, made, name),
        tags=_tags(analysis, name),
        datasets={one: _source(step) for one, step in loads.items()},
        gates=gates,
        models=models,
        tuned=search in made,
        explained=explain in made,
        onnx=training.onnx is not None,
        code=code,
        trust=training.trust,
    )


def _params(analysis: Analysis, made: Mapping[str, Step], name: str) -> dict[str, Any]:
    """Return what is shown as parameters: the training's configuration, how rows are split, variables, parameters."""
    maker, split = made[model_step(name, analysis.training(name))], made[f"split_{name}"]
    said = maker.configuration["train"] if maker.operation == "assemble" else maker.configuration
    told = {key: value for key, value in said.items() if key not in ("operation", "training")}
    found = dict(_flat("", {**told, "split": split.configuration["split"]}))
    found |= {f"vars.{one}": value for one, value in analysis.variables.items()}
    last = [f"evaluate_{name}", *(f"gate_{gate}" for gate in analysis.gates_of(name))]
    behind = {*last, *(one for step in last for one in ancestors(made, step))}
    asked = sorted({one for step in behind for one in made[step].parameters})
    return found | {f"parameters.{one}": f"${{params.{one}}}" for one in asked}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the scalars of nested maps by dotted keys; a list is one value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), item)
    else:
        yield prefix, value


def _tags(analysis: Analysis, name: str) -> dict[str, str]:
    spec, training = analysis.spec, analysis.training(name)
    assert spec.project is not None  # a spec without one has an error
    tags = {
        "owner": spec.project.owner,
        "environment": spec.environment,
        "description": training.description or spec.project.description,
    }
    return {key: value for key, value in tags.items() if value is not None}


def _source(step: Step) -> dict[str, Any]:
    """Return type and place of a dataset's source, without what may be secret."""
    source = step.configuration["source"]
    place = next((source[key] for key in _SHOWN if isinstance(source.get(key), str)), None)
    return {
        "type": source.get("type", "python"),
        "place": None if place is None else _public(place),
    }


def _public(place: str) -> str:
    """Return an address without user, password and query."""
    parts = urlsplit(place)
    if not parts.scheme or not parts.netloc:
        return place
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
