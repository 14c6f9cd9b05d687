"""Renders each pipeline of a plan to a manifest that says how it is used."""

from typing import Any

from mlopsc.codegen.literals import comment
from mlopsc.codegen.names import file_stems
from mlopsc.codegen.writer import header
from mlopsc.codegen.yaml_text import yaml_text
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.targets import GeneratedFile
from mlopsc.vocabulary.parameters import PARAMETER_VARIABLE, Parameter
from mlopsc_kubernetes.jobs import manifest
from mlopsc_kubernetes.names import object_name
from mlopsc_kubernetes.settings import KubernetesSettings, settings_of


def emit(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the generated files of a plan."""
    settings = settings_of(plan)
    stems = file_stems(pipeline.name for pipeline in plan.pipelines)
    return tuple(
        _file(plan, pipeline, f"{stems[pipeline.name]}.yaml", settings) for pipeline in plan.pipelines
    )


def _file(plan: Plan, pipeline: Pipeline, path: str, settings: KubernetesSettings) -> GeneratedFile:
    lines = [header(plan.spec, "kubernetes"), *_usage(plan, pipeline, path, settings)]
    about = "".join(f"# {comment(line)}\n" for line in lines)
    return GeneratedFile(path, f"{about}---\n{yaml_text(manifest(plan, pipeline, settings))}")


def _usage(plan: Plan, pipeline: Pipeline, file: str, settings: KubernetesSettings) -> list[str]:
    """Return what the file is, how it is used, and what a run of it may be given."""
    told = [f"{pipeline.title.rstrip('.')}."]
    if pipeline.schedule:
        name = object_name(plan, pipeline)
        told += [
            f"Apply it: kubectl apply -f {file}",
            f"Run it now: kubectl create job --from=cronjob/{name} {name}-now",
        ]
    else:
        told += [
            f"Start a run: kubectl create -f {file}",
            f"Start another, in its place: kubectl replace --force -f {file}",
        ]
        given = " ".join(f"{PARAMETER_VARIABLE}{name}=VALUE" for name in _to_give(pipeline, settings))
        if given:
            told += [
                f"With parameters: kubectl set env --local -o yaml -f {file} {given} | kubectl create -f -"
            ]
    told += [
        f"Parameter {name}: {_about(parameter, settings.parameters.get(name))}"
        for name, parameter in pipeline.parameters.items()
    ]
    return told


def _to_give(pipeline: Pipeline, settings: KubernetesSettings) -> list[str]:
    """Return the parameters that a run must be given; one as an example where there is none."""
    needed = [
        name
        for name, parameter in pipeline.parameters.items()
        if parameter.default is None and name not in settings.parameters
    ]
    return needed or list(pipeline.parameters)[:1]


def _about(parameter: Parameter, given: Any) -> str:
    value = parameter.default if given is None else given
    said = f"{parameter.type}, {'must be given' if value is None else f'{value} by default'}"
    return f"{said}. {parameter.description}" if parameter.description else f"{said}."
