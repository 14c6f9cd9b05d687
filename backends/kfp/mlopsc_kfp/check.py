"""What of a plan Kubeflow Pipelines cannot express, or its pods cannot reach."""

from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path, PurePosixPath

from mlopsc.codegen.context import include_faults
from mlopsc.codegen.data import data_fault
from mlopsc.codegen.image import image_settings
from mlopsc.codegen.kubernetes import secret_off_the_cluster
from mlopsc.codegen.names import file_stems
from mlopsc.codegen.reach import Elsewhere, infrastructure_faults
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.targets import Fault
from mlopsc_kfp.schedule import kfp_cron
from mlopsc_kfp.settings import PLACEHOLDER, RESERVED, KfpSettings, policy_of, settings_of

PODS = Elsewhere("a pod of Kubeflow Pipelines", "pods", "targets.kfp.env_secrets")


def check(plan: Plan, project: Path) -> tuple[Fault, ...]:
    """Return the faults, each once; paths lead to keys of the spec."""
    return tuple(dict.fromkeys(_faults(plan, settings_of(plan), project)))


def _faults(plan: Plan, settings: KfpSettings, project: Path) -> Iterator[Fault]:
    yield from _infrastructure(plan)
    yield from include_faults(plan, project, image_settings(plan).include, "targets", "docker", "include")
    if settings.pipeline_root:
        yield from _placeholder(
            "targets.kfp.pipeline_root", settings.pipeline_root, "targets", "kfp", "pipeline_root"
        )
    try:
        file_stems(pipeline.name for pipeline in plan.pipelines)
    except MlopscError as error:
        yield Fault("MLC505", (), str(error), error.help)
    for pipeline in plan.pipelines:
        yield from _pipeline(pipeline)
        for step in pipeline.steps:
            yield from _policy(step, settings)
            yield from _secrets(step, settings)
            if step.operation == "load" and (fault := data_fault(step, project, PODS.one)) is not None:
                yield fault


def _infrastructure(plan: Plan) -> Iterator[Fault]:
    yield from infrastructure_faults(plan, PODS)
    for key, url in plan.infrastructure:
        if isinstance(url, str):
            yield from _placeholder(f"infrastructure.{key}", url, "infrastructure", key)
    tracking = plan.infrastructure.tracking
    for key, text in () if tracking is None else tracking:
        if isinstance(text, str):
            yield from _placeholder(f"infrastructure.tracking.{key}", text, "infrastructure", "tracking", key)


def _pipeline(pipeline: Pipeline) -> Iterator[Fault]:
    for name, parameter in pipeline.parameters.items():
        if iskeyword(name) or name in RESERVED:
            yield Fault(
                "MLC505",
                ("parameters", name),
                f"parameter {name!r} cannot be an argument of a Kubeflow pipeline: the generated module needs "
                "the name",
                "rename it",
            )
        if isinstance(parameter.default, str):
            yield from _placeholder(
                f"the default of parameter {name!r}", parameter.default, "parameters", name, "default"
            )
    if pipeline.schedule:
        try:
            kfp_cron(pipeline.schedule)
        except ValueError as error:
            yield Fault("MLC501", ("monitors", pipeline.name, "schedule"), str(error))


def _policy(step: Step, settings: KfpSettings) -> Iterator[Fault]:
    policy = policy_of(step, settings)
    if policy.image is None:
        yield Fault(
            "MLC507",
            ("targets", "kfp"),
            "steps of Kubeflow Pipelines run in containers, and no image is named",
            "add `image:` under targets.kfp: an image with the project, mlopsc and the kfp SDK",
        )
    own = step.policy.env or {}
    for name, value in (policy.env or {}).items():
        place = (*step.origin, "policy") if name in own else ("targets", "kfp", "policy")
        yield from _placeholder(f"environment variable {name}", value, *place, "env", name)


def _secrets(step: Step, settings: KfpSettings) -> Iterator[Fault]:
    for name, source in step.configuration.get("secrets", {}).items():
        mapped, path = settings.secrets.get(name), source.get("file")
        if mapped is None:
            yield secret_off_the_cluster(name, source, "kfp")
        elif path and not (PurePosixPath(path).is_absolute() and PurePosixPath(path).name == mapped.key):
            yield Fault(
                "MLC508",
                ("targets", "kfp", "secrets", name),
                f"Kubernetes mounts key {mapped.key!r} as a file of that name, but secret {name!r} is read "
                f"from {path!r}",
                f"name an absolute file that ends in /{mapped.key}, or read the secret from `env`",
            )


def _placeholder(what: str, text: str, *path: str) -> Iterator[Fault]:
    if found := PLACEHOLDER.search(text):
        yield Fault(
            "MLC506",
            path,
            f"{what} contains {found.group()!r}, which Kubeflow Pipelines takes for a placeholder of its own",
            f"write it without {found.group()!r}",
        )
