"""How a step's configuration and ports become arguments: which are typed, which travel as JSON text.

Names, numbers and instants are typed arguments. Free text, lists and maps are JSON, in which what KFP would take
for a placeholder is escaped. A pipeline parameter that is all of a typed argument is passed in its place; one
inside text or nested values is passed besides, and `run_files` fills it in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints

from mlopsc.plan.fans import Gathered, fan_outs, gathered, is_gathered
from mlopsc.plan.plan import Artifact, Pipeline, Step
from mlopsc.vocabulary.artifacts import ArtifactType
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.parameters import Parameter, ScalarType
from mlopsc.vocabulary.references import referenced
from mlopsc_kfp.settings import KfpSettings, policy_of

_NAMES = frozenset(
    {"dataset", "model", "monitor", "name", "stage", "timezone", "training", "view", "spec_digest"}
)
"""Text fields that hold names or digests, which contain no braces."""
PYTHON_TYPES: dict[ScalarType, type] = {
    "string": str,
    "int": int,
    "float": float,
    "bool": bool,
    "timestamp": str,
    "duration": str,
}
"""Type of a parameter → type of the argument."""
_ARTIFACTS: dict[ArtifactType, str] = {
    "dataset": "Dataset",
    "table": "Dataset",
    "model": "Model",
    "onnx": "Model",
    "metrics": "Metrics",
}
_ALONE = re.compile(r"\$\{params\.(\w+)\}")


@dataclass(frozen=True)
class Signature:
    """What makes two steps share a component."""

    operation: str
    inputs: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...]
    """Stems of the ports that come as one list."""
    outputs: tuple[tuple[str, ArtifactType], ...]
    image: str | None
    typed: frozenset[str]
    """Fields that are typed arguments."""
    nullable: frozenset[str]
    """Typed fields that are there though they may be absent."""
    parameters: tuple[tuple[str, str], ...]
    """Pipeline parameters that are passed besides, with their Python types."""
    runs_code: bool
    """Whether user code runs in it, whose digest is passed."""


def signatures_of(pipeline: Pipeline, settings: KfpSettings) -> dict[str, Signature]:
    """Return each step's signature, by the step's name, in their order."""
    produced = {
        Artifact(step=step.name, port=port): artifact_type(kind)
        for step in pipeline.steps
        for port, kind in step.outputs.items()
    }
    fans = fan_outs(pipeline.steps)
    return {
        step.name: _signature(step, pipeline.parameters, settings, produced, gathered(step, fans))
        for step in pipeline.steps
    }


def _signature(
    step: Step,
    parameters: Mapping[str, Parameter],
    settings: KfpSettings,
    produced: Mapping[Artifact, str],
    lists: Mapping[str, Gathered],
) -> Signature:
    model = operation_class(step.operation)
    fields = [field for field in step.configuration if field != "operation"]
    typed = frozenset(
        field for field in fields if _is_typed(model, field, step.configuration[field], parameters)
    )
    nullable = frozenset(field for field in typed if model.model_fields[field].default is None)
    besides = referenced(
        {field: value for field, value in step.configuration.items() if not (field in typed and alone(value))}
    )
    return Signature(
        operation=step.operation,
        inputs=tuple(
            (port, produced[source]) for port, source in step.inputs.items() if not is_gathered(port, lists)
        ),
        lists=tuple((stem, produced[step.inputs[f"{stem}_0"]]) for stem in lists),
        outputs=tuple(step.outputs.items()),
        image=policy_of(step, settings).image,
        typed=typed
        | {field for field in model.model_fields if field not in fields and typed_as(model, field)},
        nullable=nullable,
        parameters=tuple(
            (name, PYTHON_TYPES[parameter.type].__name__)
            for name, parameter in parameters.items()
            if name in besides
        ),
        runs_code=bool(functions_in(step.configuration)),
    )


def artifact_type(kind: ArtifactType) -> str:
    """Return KFP's class of an artifact."""
    return _ARTIFACTS.get(kind, "Artifact")


def _is_typed(model: type[BaseModel], field: str, value: Any, parameters: Mapping[str, Parameter]) -> bool:
    """Whether a field's value is passed as a typed argument."""
    wanted = typed_as(model, field, value)
    if wanted is None or not isinstance(value, str) or not referenced(value):
        return wanted is not None
    # A text parameter is not put in place: what it says would be searched for references once more.
    name = alone(value)
    kind = parameters[name].type if name else "string"
    return kind != "string" and PYTHON_TYPES[kind] is wanted


def alone(value: Any) -> str | None:
    """Return the parameter's name when a value is nothing but a reference to it."""
    found = _ALONE.fullmatch(value) if isinstance(value, str) else None
    return found.group(1) if found else None


def typed_as(model: type[BaseModel], field: str, value: Any = None) -> type | None:
    """Return the Python type of a field's argument, or None when it travels as JSON."""
    info = model.model_fields[field]
    members = [member for member in _members(info.annotation) if member is not type(None)]
    if isinstance(value, str) and len(members) > 1:  # a dotted path, where a map could stand too
        return str if any(_is_pattern(get_args(member)[1:]) for member in members) else None
    if len(members) != 1:
        return None
    member = get_args(members[0])[0] if get_origin(members[0]) is Annotated else members[0]
    match member:
        case _ if member in (int, float, bool):
            return member  # type: ignore[no-any-return]
        case _ if member in (datetime, timedelta) or get_origin(member) is Literal:
            return str
        case _ if member is str and (field in _NAMES or _is_pattern(info.metadata)):
            return str
        case _:
            return None


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _is_pattern(metadata: Iterable[Any]) -> bool:
    """Whether text is bound to a pattern; those of the vocabulary allow no braces."""
    return any(isinstance(part, StringConstraints) and part.pattern for part in metadata)
