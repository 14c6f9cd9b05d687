"""What of a plan Kubernetes cannot express, or its pods cannot reach.

A run is one pod: what a step asks for by itself is refused unless the whole pod can have it.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mlopsc.codegen.data import data_fault
from mlopsc.codegen.kubernetes import secret_off_the_cluster
from mlopsc.codegen.names import file_stems
from mlopsc.codegen.reach import Elsewhere, infrastructure_faults, is_local
from mlopsc.codegen.robfig import robfig_cron
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.runtime.context import REGISTRY_VARIABLE, STORE_VARIABLE
from mlopsc.targets import Fault
from mlopsc.vocabulary.parameters import NOW, Parameter, check_value
from mlopsc.vocabulary.tracking import TRACKING_VARIABLE
from mlopsc_kubernetes.names import entry_of, fault_of_name, object_name
from mlopsc_kubernetes.pods import secret_sources
from mlopsc_kubernetes.settings import KubernetesSettings, settings_of

PODS = Elsewhere("a pod", "pods", "targets.kubernetes.env_secrets")
_HERE = ("targets", "kubernetes")
_OF_STEPS = ("retries", "retry_delay", "timeout", "env")
"""Keys of a policy that the scheduler in the pod keeps, which knows the local target's defaults alone."""


def check(plan: Plan, project: Path) -> tuple[Fault, ...]:
    """Return the faults, each once; paths lead to keys of the spec."""
    return tuple(dict.fromkeys(_faults(plan, settings_of(plan), project)))


def _faults(plan: Plan, settings: KubernetesSettings, project: Path) -> Iterator[Fault]:
    yield from _settings(settings)
    yield from _infrastructure(plan, settings)
    yield from _parameters(plan, settings)
    yield from _names(plan)
    for pipeline in plan.pipelines:
        yield from _schedule(pipeline, settings)
        yield from _secrets(pipeline, settings)
        for step in pipeline.steps:
            yield from _policy(step)
            if step.operation == "load" and (fault := data_fault(step, project, PODS.one)) is not None:
                yield fault


def _settings(settings: KubernetesSettings) -> Iterator[Fault]:
    policy = (*_HERE, "policy")
    if settings.image is None:
        yield Fault(
            "MLC507",
            _HERE,
            "runs are pods, and no image is named",
            "add `image:` under targets.kubernetes: an image with the project and mlopsc",
        )
    if settings.policy.image is not None:
        yield Fault(
            "MLC501",
            (*policy, "image"),
            "a run is one pod: steps have no images of their own",
            "write it as targets.kubernetes.image",
        )
    for key in _OF_STEPS:
        if getattr(settings.policy, key) is not None:
            yield Fault(
                "MLC501",
                (*policy, key),
                f"steps are run by the local scheduler in the pod, which takes `{key}` from targets.local.policy",
                f"write it as targets.local.policy.{key}",
            )
    accelerator = settings.policy.accelerator
    if accelerator is not None and "/" not in accelerator.type:
        yield Fault(
            "MLC505",
            (*policy, "accelerator", "type"),
            f"{accelerator.type!r} is no device of Kubernetes: its name has a domain, such as nvidia.com/gpu",
        )
    for name in settings.env:
        if name in settings.env_secrets:
            yield Fault("MLC208", (*_HERE, "env", name), f"{name} stands under `env_secrets` too")


def _infrastructure(plan: Plan, settings: KubernetesSettings) -> Iterator[Fault]:
    yield from infrastructure_faults(plan, PODS)
    told: list[tuple[object, str]] = [
        (plan.infrastructure.registry, REGISTRY_VARIABLE),
        (plan.infrastructure.store, STORE_VARIABLE),
    ]
    if plan.infrastructure.tracking is not None:
        told.append((plan.infrastructure.tracking.mlflow, TRACKING_VARIABLE))
    for url, variable in told:
        what = variable.split("_")[1].lower()
        key = "tracking.mlflow" if variable == TRACKING_VARIABLE else what
        if url is None and variable not in {*settings.env, *settings.env_secrets}:
            yield Fault(
                "MLC502",
                _HERE,
                f"nothing says where pods find the {what}: what a pod keeps in its own folder is lost with it",
                f"name infrastructure.{key}, or give pods {variable} (targets.kubernetes.env or env_secrets)",
            )
        elif url is None and is_local(settings.env.get(variable, "elsewhere://")):
            yield Fault(
                "MLC502",
                (*_HERE, "env", variable),
                f"the {what} {settings.env[variable]!r} is in the pod: it is lost with it",
                "give a URL that all pods reach",
            )


def _parameters(plan: Plan, settings: KubernetesSettings) -> Iterator[Fault]:
    declared: dict[str, Parameter] = {}
    for pipeline in plan.pipelines:
        declared |= pipeline.parameters
    for name, value in settings.parameters.items():
        path = (*_HERE, "parameters", name)
        if name not in declared:
            yield Fault(
                "MLC111",
                path,
                f"no pipeline takes a parameter {name!r}",
                did_you_mean(name, declared, noun="they take"),
            )
        elif declared[name].type == "timestamp" and value == NOW:
            continue
        elif fault := check_value(declared[name], value):
            yield Fault("MLC109", path, f"parameter {name!r}: {fault}")


def _names(plan: Plan) -> Iterator[Fault]:
    try:
        file_stems(pipeline.name for pipeline in plan.pipelines)
    except MlopscError as error:
        yield Fault("MLC505", (), str(error), error.help)
    told = ((plan.project, ("project", "name")), (plan.environment, ("environments", plan.environment or "")))
    for label, path in told:
        if label is not None and label.endswith("_"):
            yield Fault(
                "MLC505", path, f"{label!r} is no label of Kubernetes: it ends in an underscore", "rename it"
            )
    names = {pipeline.name: object_name(plan, pipeline) for pipeline in plan.pipelines}
    often = Counter(names.values())
    for pipeline in plan.pipelines:
        name = names[pipeline.name]
        fault = fault_of_name(name)
        if fault is None and often[name] > 1:
            fault = "another pipeline's would be called that too"
        if fault is not None:
            yield Fault(
                "MLC505",
                entry_of(pipeline),
                f"the Job of pipeline {pipeline.name!r} would be called {name!r}: {fault}",
                "rename it",
            )


def _schedule(pipeline: Pipeline, settings: KubernetesSettings) -> Iterator[Fault]:
    if pipeline.schedule is None:
        return
    path = (*entry_of(pipeline), "schedule")
    try:
        robfig_cron(pipeline.schedule.cron, "Kubernetes")
    except ValueError as error:
        yield Fault("MLC501", (*path, "cron"), str(error))
    for name, parameter in pipeline.parameters.items():
        if parameter.default is None and name not in settings.parameters:
            yield Fault(
                "MLC501",
                path,
                f"a scheduled run of {pipeline.name!r} has no value for parameter {name!r}",
                f"give it one: targets.kubernetes.parameters.{name}, or a default",
            )


def _secrets(pipeline: Pipeline, settings: KubernetesSettings) -> Iterator[Fault]:
    for name, source in secret_sources(pipeline).items():
        variable, file = source.get("env"), source.get("file")
        if name not in settings.secrets:
            yield secret_off_the_cluster(name, source, "kubernetes")
        elif variable is not None and variable in {*settings.env, *settings.env_secrets}:
            where = "env" if variable in settings.env else "env_secrets"
            yield Fault(
                "MLC208",
                (*_HERE, where, variable),
                f"{variable} holds the secret {name!r}, which targets.kubernetes.secrets gives to pods already",
            )
        elif file is not None and (":" in file or not file.isprintable()):
            yield Fault(
                "MLC508", ("secrets", name, "file"), f"Kubernetes cannot mount a secret as the file {file!r}"
            )


def _policy(step: Step) -> Iterator[Fault]:
    path = (*step.origin, "policy")
    if step.policy.image is not None:
        yield Fault(
            "MLC501",
            (*path, "image"),
            "a run is one pod: a step cannot have an image of its own",
            "name one image for all, targets.kubernetes.image, or compile for kfp",
        )
    if step.policy.accelerator is not None:
        yield Fault(
            "MLC501",
            (*path, "accelerator"),
            "a run is one pod: a step cannot have an accelerator of its own",
            "let the pod have it, targets.kubernetes.policy.accelerator, or compile for kfp",
        )
