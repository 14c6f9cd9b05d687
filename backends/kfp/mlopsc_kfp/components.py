"""Which components a pipeline needs: one for each operation, and a further one where signatures differ."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from mlopsc.codegen.literals import Code, call, dotted_name, literal, ports
from mlopsc.codegen.names import distinct
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Pipeline, Step
from mlopsc.vocabulary.operations import operation_class
from mlopsc_kfp.settings import PLACEHOLDER, KfpSettings
from mlopsc_kfp.signatures import Signature, alone, artifact_type, signatures_of, typed_as

CODE_DIGEST = "code_digest"
"""The argument that holds the digest of the user code that a step was compiled for."""
_LONGEST_PURPOSE = 89
_IN_BODY = frozenset({"json", "run_files", "Path", "metric", "value", "one", "place", "enumerate"})


@dataclass(frozen=True)
class Component:
    """A component as the template shows it, and the arguments that its ports and fields became."""

    name: str
    purpose: str
    base_image: Code
    arguments: Code
    call: Code
    """What its body passes to `run_files`."""
    reads_json: bool
    metrics: str | None
    """The argument of the metrics, whose numbers KFP's pages show."""
    artifact_types: frozenset[str]
    """What its annotations name from `kfp.dsl`."""
    typed: frozenset[str]
    parameters: tuple[str, ...]
    """Pipeline parameters that a call passes besides."""
    names: Mapping[tuple[str, str], str]
    """(input | output | field | parameter | code, name) → argument."""

    def argument(self, kind: str, name: str) -> str:
        """Return the argument that a port, field or parameter became."""
        return self.names[kind, name]


def components_of(pipeline: Pipeline, settings: KfpSettings, avoid: Iterable[str]) -> dict[str, Component]:
    """Return each step's component, by the step's name; steps that can share one do."""
    groups: dict[Signature, list[Step]] = {}
    signatures = signatures_of(pipeline, settings)
    for step in pipeline.steps:
        groups.setdefault(signatures[step.name], []).append(step)
    wishes = _wishes(groups)
    names = distinct(wishes.values(), avoid=set(avoid), suffix="_component")
    made: dict[str, Component] = {}
    for signature, steps in groups.items():
        component = _component(names[wishes[signature]], signature, steps, settings.default_image)
        made |= {step.name: component for step in steps}
    return made


def field_value(step: Step, field: str, component: Component) -> Any:
    """Return what a call passes for a field: a literal, JSON text, or the parameter that is all of it."""
    value = step.configuration[field]
    if field not in component.typed:
        return call("as_json", value)
    if found := alone(value):
        return dotted_name(found)
    if isinstance(value, str) and PLACEHOLDER.search(value):
        raise MlopscError(f"{field} of step {step.name} is no name: {value!r}")
    wanted = typed_as(operation_class(step.operation), field, value)
    return float(value) if wanted is float else value


def _wishes(groups: Mapping[Signature, list[Step]]) -> dict[Signature, str]:
    """Return a name for each signature: the operation's, and for whom where there are several."""
    operations = [signature.operation for signature in groups]
    return {
        signature: signature.operation
        if operations.count(signature.operation) == 1
        else f"{signature.operation}_for_{steps[0].name if steps[0].fan is None else steps[0].fan.group}"
        for signature, steps in groups.items()
    }


def _component(name: str, signature: Signature, steps: list[Step], image: str | None) -> Component:
    model = operation_class(signature.operation)
    fields = [
        field
        for field in model.model_fields
        if field != "operation" and any(field in step.configuration for step in steps)
    ]
    everywhere = {field for field in fields if all(field in step.configuration for step in steps)}
    names = _arguments(signature, fields)
    typed = signature.typed
    required = [
        _declared(model, field, names["field", field], typed) for field in fields if field in everywhere
    ]
    optional = [
        Code(f"{_declared(model, field, names['field', field], typed)} = {_default(model, field, typed)}")
        for field in fields
        if field not in everywhere
    ]
    values = {
        field: Code(argument) if field in typed else Code(f"json.loads({argument})")
        for field in fields
        if (argument := names["field", field])
    }
    inputs = {port: (names["input", port], f"Input[{kind}]") for port, kind in signature.inputs}
    lists = {stem: (names["input", stem], f"Input[list[{kind}]]") for stem, kind in signature.lists}
    outputs = {
        port: (names["output", port], f"Output[{artifact_type(kind)}]") for port, kind in signature.outputs
    }
    parameters = {parameter: names["parameter", parameter] for parameter, _ in signature.parameters}
    passed = [f"{parameters[parameter]}: {kind}" for parameter, kind in signature.parameters]
    code = names.get(("code", CODE_DIGEST))
    passed += [f"{code}: str"] if code else []
    metrics = [names["output", port] for port, kind in signature.outputs if kind == "metrics"]
    keywords = {
        "inputs": ports(
            {port: Code(f"{argument}.path") for port, (argument, _) in inputs.items()},
            {stem: (argument, "one.path") for stem, (argument, _) in lists.items()},
        ),
        "outputs": {port: Code(f"{argument}.path") for port, (argument, _) in outputs.items()},
        "parameters": {parameter: Code(argument) for parameter, argument in parameters.items()},
        "code": Code(code or ""),
    }
    artifacts = (*inputs.values(), *lists.values(), *outputs.values())
    annotated = [f"{argument}: {kind}" for argument, kind in artifacts]
    body = [literal({"operation": signature.operation, **values})]
    body += [
        Code(f"{word}={literal(value)}")
        for word, value in keywords.items()
        if value or word in ("inputs", "outputs")
    ]
    return Component(
        name=name,
        purpose=_purpose(model),
        base_image=Code("IMAGE") if image and signature.image == image else literal(signature.image),
        arguments=Code(", ".join((*annotated, *required, *passed, *optional))),
        call=Code(", ".join(body)),
        reads_json=bool(metrics) or any(field not in typed for field in fields),
        metrics=metrics[0] if metrics else None,
        artifact_types=frozenset(
            word for _, kind in artifacts for word in kind.rstrip("]").split("[") if word != "list"
        ),
        typed=typed,
        parameters=tuple(parameters),
        names=names,
    )


def _purpose(model: type[BaseModel]) -> str:
    """Return an operation's first line, cut to what fits a line of the generated module."""
    line = (model.__doc__ or model.__name__).splitlines()[0]
    return line if len(line) <= _LONGEST_PURPOSE else f"{re.split('[:;,]', line)[0].rstrip('.')}."


def _arguments(signature: Signature, fields: list[str]) -> dict[tuple[str, str], str]:
    """Return the argument for each port, field and parameter; outputs keep their names first, then inputs."""
    wishes = {
        "output": ([port for port, _ in signature.outputs], "_output"),
        "input": ([name for name, _ in (*signature.inputs, *signature.lists)], "_input"),
        "field": (fields, "_config"),
        "parameter": ([name for name, _ in signature.parameters], "_parameter"),
        "code": ([CODE_DIGEST] if signature.runs_code else [], "_of_project"),
    }
    names: dict[tuple[str, str], str] = {}
    for kind, (wanted, suffix) in wishes.items():
        given = distinct(wanted, avoid={*_IN_BODY, *names.values()}, suffix=suffix)
        names |= {(kind, name): argument for name, argument in given.items()}
    return names


def _declared(model: type[BaseModel], field: str, argument: str, typed: frozenset[str]) -> Code:
    kind = (typed_as(model, field) or str) if field in typed else str
    return Code(f"{argument}: {kind.__name__}")


def _default(model: type[BaseModel], field: str, typed: frozenset[str]) -> Code:
    """Return the default of an argument that some steps leave out."""
    default = model.model_fields[field].get_default(call_default_factory=True)
    plain = to_jsonable_python({} if isinstance(default, BaseModel) else default)
    return literal(plain) if field in typed else literal(json.dumps(plain))
