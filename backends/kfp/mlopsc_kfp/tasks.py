"""What the pipeline's body says of each step: the call of its component, and the policy that it runs under.

The steps of a fan-out are one task in a parallel loop over the values in which they differ.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from mlopsc.codegen.literals import Code, call, dotted_name, literal
from mlopsc.plan.fans import FanOut, gathered, is_gathered
from mlopsc.plan.plan import Artifact, Infrastructure, Step
from mlopsc.runtime.context import REGISTRY_VARIABLE, STORE_VARIABLE
from mlopsc.runtime.user_code import digest_of_functions
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.policy import Policy
from mlopsc_kfp.components import CODE_DIGEST, Component, field_value
from mlopsc_kfp.settings import KfpSettings, caches, policy_of

STATEFUL = frozenset({"resolve_champion", "resolve_reference", "resolve_model", "register", "track"})
"""Operations that reach the registry and the store."""


@dataclass(frozen=True)
class Task:
    """A step in the pipeline's body."""

    variable: str
    call: Code
    statements: tuple[Code, ...]
    loop: Code | None = None
    """The `with` of a fan-out's parallel loop, in which all this stands."""


def task_of(
    unit: Step | FanOut,
    components: Mapping[str, Component],
    variables: Mapping[str, str],
    fans: Mapping[str, FanOut],
    settings: KfpSettings,
    infrastructure: Infrastructure,
    project: Path,
) -> Task:
    """Return the task of a step or a fan-out; `variables` says by which name it, and every other one, goes.

    Raises SpecError when user code of the project is no Python.
    """
    step = unit if isinstance(unit, Step) else unit.first
    component, variable = components[step.name], variables[name_of(unit)]
    lists = gathered(step, fans)
    arguments: dict[str, Any] = {
        component.argument("input", port): _output(source, components, variables)
        for port, source in step.inputs.items()
        if not is_gathered(port, lists)
    }
    for stem, found in lists.items():
        output = components[fans[found.group].first.name].argument("output", found.port)
        collected = Code(f"{dotted_name(variables[found.group])}.outputs[{literal(output)}]")
        arguments[component.argument("input", stem)] = call("dsl.Collected", collected)
    for field in operation_class(step.operation).model_fields:
        if field != "operation" and field in step.configuration:
            arguments[component.argument("field", field)] = field_value(step, field, component)
    for parameter in component.parameters:
        arguments[component.argument("parameter", parameter)] = dotted_name(parameter)
    if functions := functions_in(step.configuration):
        arguments[component.argument("code", CODE_DIGEST)] = digest_of_functions(project, functions)
    loop = None
    if isinstance(unit, FanOut):
        item = variables[f"{unit.group}/{unit.field}"]
        arguments[component.argument("field", unit.field)] = Code(item)
        loop = _loop(unit, item, component)
    shown = name_of(unit)
    statements = tuple(_statements(step, shown, variable, variables, settings, infrastructure))
    return Task(variable, call(component.name, **arguments), statements, loop)


def name_of(unit: Step | FanOut) -> str:
    """Return the name of a step, or of a fan-out."""
    return unit.name if isinstance(unit, Step) else unit.group


def _output(source: Artifact, components: Mapping[str, Component], variables: Mapping[str, str]) -> Code:
    output = components[source.step].argument("output", source.port)
    return Code(f"{dotted_name(variables[source.step])}.outputs[{literal(output)}]")


def _loop(fan: FanOut, item: str, component: Component) -> Code:
    values = [field_value(member, fan.field, component) for member in fan.members]
    numbers = call("range", len(values)) if values == list(range(len(values))) else None
    items = literal(values) if numbers is None else call("list", numbers)
    limit = {} if fan.limit is None else {"parallelism": fan.limit}
    return Code(f"{call('dsl.ParallelFor', items=items, **limit)} as {dotted_name(item)}")


def _statements(
    step: Step,
    shown: str,
    variable: str,
    variables: Mapping[str, str],
    settings: KfpSettings,
    infrastructure: Infrastructure,
) -> Iterator[Code]:
    yield call(f"{variable}.set_display_name", shown)
    behind = {source.step for source in step.inputs.values()}
    if waits := [Code(variables[name]) for name in step.after if name not in behind]:
        yield call(f"{variable}.after", *waits)
    if not caches(step, settings):
        yield call(f"{variable}.set_caching_options", False)
    yield from _policy(variable, policy_of(step, settings))
    if step.operation in STATEFUL:
        urls = {REGISTRY_VARIABLE: infrastructure.registry, STORE_VARIABLE: infrastructure.store}
        constants = {REGISTRY_VARIABLE: Code("REGISTRY_URL"), STORE_VARIABLE: Code("STORE_URL")}
        for name, url in urls.items():
            if url is not None:
                yield call(f"{variable}.set_env_variable", name, constants[name])
    yield from _secrets(step, variable, settings)


def _policy(variable: str, policy: Policy) -> Iterator[Code]:
    if policy.retries:
        wait = (
            {}
            if policy.retry_delay is None
            else {"backoff_duration": f"{_seconds(policy.retry_delay)}s", "backoff_factor": 1.0}
        )
        yield call(f"{variable}.set_retry", num_retries=policy.retries, **wait)
    if policy.cpu is not None:
        yield call(f"{variable}.set_cpu_request", _cores(policy.cpu))
        yield call(f"{variable}.set_cpu_limit", _cores(policy.cpu))
    if policy.memory is not None:
        memory = policy.memory.replace("k", "K")
        yield call(f"{variable}.set_memory_request", memory)
        yield call(f"{variable}.set_memory_limit", memory)
    if policy.accelerator is not None:
        yield call(f"{variable}.set_accelerator_type", policy.accelerator.type)
        yield call(f"{variable}.set_accelerator_limit", policy.accelerator.count)
    for name, value in sorted((policy.env or {}).items()):
        yield call(f"{variable}.set_env_variable", name, value)
    if policy.timeout is not None:
        yield call("kubernetes.set_timeout", Code(variable), seconds=_seconds(policy.timeout))


def _secrets(step: Step, variable: str, settings: KfpSettings) -> Iterator[Code]:
    for environment, secret in sorted(settings.env_secrets.items()):
        yield _secret_variable(variable, secret.name, secret.key, environment)
    for name, source in sorted(step.configuration.get("secrets", {}).items()):
        mapped = settings.secrets.get(name)
        if mapped is None:
            continue  # `check` has refused it for the cluster; a local run finds it where the spec says
        if source.get("env"):
            yield _secret_variable(variable, mapped.name, mapped.key, source["env"])
        else:
            yield call(
                "kubernetes.use_secret_as_volume",
                Code(variable),
                secret_name=mapped.name,
                mount_path=PurePosixPath(source["file"]).parent.as_posix(),
            )


def _secret_variable(variable: str, secret: str, key: str, environment: str) -> Code:
    return call(
        "kubernetes.use_secret_as_env",
        Code(variable),
        secret_name=secret,
        secret_key_to_env={key: environment},
    )


def _seconds(duration: timedelta) -> int:
    """Whole seconds, at least one: KFP takes zero for no limit."""
    return max(1, math.ceil(duration.total_seconds()))


def _cores(cpu: float) -> str:
    """Whole cores, or thousandths of one, as Kubernetes writes them."""
    return str(int(cpu)) if cpu == int(cpu) else f"{max(1, round(cpu * 1000))}m"
