"""Renders each pipeline of a plan to a Python module with its flow, and how the flows are served and deployed."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mlopsc.codegen.literals import Code, call, dotted_name, literal
from mlopsc.codegen.templates import render
from mlopsc.codegen.writer import header
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.targets import GeneratedFile
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.parameters import Parameter, ScalarType
from mlopsc.vocabulary.policy import Policy
from mlopsc_prefect.deploy import deployment_name, prefect_yaml
from mlopsc_prefect.names import SERVE, arguments, flow_function, module_stems, task_functions, variables
from mlopsc_prefect.settings import PrefectSettings, settings_of

_PYTHON: dict[ScalarType, str] = {
    "string": "str", "int": "int", "float": "float", "bool": "bool", "timestamp": "str", "duration": "str",
}  # fmt: skip


@dataclass(frozen=True)
class _Task:
    function: str
    options: Code
    arguments: Code
    purpose: str
    share: Code | None
    run: Code


@dataclass(frozen=True)
class _Submission:
    variable: str
    call: Code


@dataclass(frozen=True)
class _Flow:
    function: str
    options: Code
    parameters: Code
    conclusion: Code
    runs_by_itself: bool


@dataclass(frozen=True)
class _Import:
    module: str
    function: str


def emit(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the generated files of a plan."""
    settings, stems = settings_of(plan), module_stems(plan)
    modules = [
        GeneratedFile(f"{stems[pipeline.name]}.py", module_text(plan, pipeline))
        for pipeline in plan.pipelines
    ]
    if settings.work_pool is None:
        return (*modules, GeneratedFile(f"{SERVE}.py", _serve(plan, stems)))
    return (*modules, GeneratedFile("prefect.yaml", prefect_yaml(plan, settings, stems)))


def flow_name(plan: Plan, pipeline: Pipeline) -> str:
    """Return the flow's name on the server, which may hold flows of many projects."""
    return f"{plan.project}-{pipeline.name}"


def module_text(plan: Plan, pipeline: Pipeline) -> str:
    """Return the module of one pipeline."""
    settings = settings_of(plan)
    function = flow_function(pipeline.name)
    functions = task_functions(pipeline.steps, {function, *pipeline.parameters})
    named = variables(pipeline.steps, {function, *pipeline.parameters, *functions.values()})
    tasks = tuple(_task(step, pipeline, functions[step.name], settings) for step in pipeline.steps)
    return render(
        "mlopsc_prefect",
        "flow.py.j2",
        header=header(plan.spec, "prefect"),
        title=_sentence(pipeline.title),
        imported=literal_names("conclude", *(["share"] if any(task.share for task in tasks) else [])),
        pipeline=pipeline.name,
        registry=plan.infrastructure.registry,
        store=plan.infrastructure.store,
        image=settings.image,
        tasks=tasks,
        flow=_Flow(
            function=function,
            options=_flow_options(plan, pipeline, settings),
            parameters=_flow_parameters(pipeline.parameters),
            conclusion=call(
                "conclude",
                {step.name: Code(named[step.name]) for step in pipeline.steps},
                store_url=Code("STORE_URL"),
            ),
            runs_by_itself=all(parameter.default is not None for parameter in pipeline.parameters.values()),
        ),
        submissions=tuple(
            _Submission(named[step.name], _submission(step, functions[step.name], named))
            for step in pipeline.steps
        ),
    )


def literal_names(*names: str) -> Code:
    """Return names as an import statement lists them."""
    return Code(", ".join(dotted_name(name) for name in names))


def _task(step: Step, pipeline: Pipeline, function: str, settings: PrefectSettings) -> _Task:
    policy = step.effective_policy(settings.policy)
    ports, parameters = arguments(step)
    declared = [f"{dotted_name(ports[port])}: Outputs" for port in step.inputs]
    declared += [
        f"{dotted_name(parameters[name])}: {_PYTHON[pipeline.parameters[name].type]}"
        for name in step.parameters
    ]
    inputs = {port: Code(f"{ports[port]}[{literal(source.port)}]") for port, source in step.inputs.items()}
    given: dict[str, Any] = {"pipeline": Code("PIPELINE"), "inputs": inputs}
    if parameters:
        given["parameters"] = {name: Code(argument) for name, argument in parameters.items()}
    given |= {"registry_url": Code("REGISTRY_URL"), "store_url": Code("STORE_URL")}
    if policy.env:
        given["env"] = policy.env
    if policy.timeout:
        given["timeout"] = _seconds(policy.timeout)
    if settings.image:
        given["image"] = Code("IMAGE")
    return _Task(
        function=function,
        options=_task_options(step, function, policy),
        arguments=Code(", ".join(declared)),
        purpose=_purpose(step),
        share=_share(policy),
        run=call("run_stored", step.name, step.configuration, **given),
    )


def _task_options(step: Step, function: str, policy: Policy) -> Code:
    options: dict[str, Any] = {} if function == step.name else {"name": step.name}
    options["cache_policy"] = Code("NO_CACHE")
    if operation_class(step.operation).refuses:
        options["retries"] = 0
    elif policy.retries is not None:
        options["retries"] = policy.retries
        if policy.retry_delay and policy.retries:
            options["retry_delay_seconds"] = _seconds(policy.retry_delay)
    return call("task", **options)


def _share(policy: Policy) -> Code | None:
    wanted: dict[str, Any] = {}
    if policy.cpu is not None:
        wanted["cpu"] = int(policy.cpu) if policy.cpu.is_integer() else policy.cpu
    if policy.memory is not None:
        wanted["memory"] = policy.memory
    return call("share", **wanted) if wanted else None


def _submission(step: Step, function: str, named: Mapping[str, str]) -> Code:
    ports, parameters = arguments(step)
    given: dict[str, Any] = {ports[port]: Code(named[source.step]) for port, source in step.inputs.items()}
    given |= {argument: Code(name) for name, argument in parameters.items()}
    if step.after:
        given["wait_for"] = [Code(named[earlier]) for earlier in step.after]
    return call(f"{function}.submit", **given)


def _flow_options(plan: Plan, pipeline: Pipeline, settings: PrefectSettings) -> Code:
    workers = {} if settings.max_workers is None else {"max_workers": settings.max_workers}
    return call("flow", name=flow_name(plan, pipeline), task_runner=call("ThreadPoolTaskRunner", **workers))


def _flow_parameters(parameters: Mapping[str, Parameter]) -> Code:
    required = {name: one for name, one in parameters.items() if one.default is None}
    declared = [f"{dotted_name(name)}: {_PYTHON[one.type]}" for name, one in required.items()]
    declared += [
        f"{dotted_name(name)}: {_PYTHON[one.type]} = {_default(one)}"
        for name, one in parameters.items()
        if name not in required
    ]
    return Code(", ".join(declared))


def _default(parameter: Parameter) -> Code:
    whole = parameter.type == "float" and isinstance(parameter.default, int)
    return literal(float(parameter.default) if whole else parameter.default)  # type: ignore[arg-type]


def _purpose(step: Step) -> str:
    """Return what a task does and where the spec declares it, in lines that fit below a `def`."""
    first = (operation_class(step.operation).__doc__ or step.operation).splitlines()[0]
    purpose = first.partition(":")[0].partition(";")[0].rstrip(".")
    return "\n".join(textwrap.wrap(f"{purpose} ({'.'.join(step.origin)}).", 88, subsequent_indent="    "))


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


def _seconds(duration: timedelta) -> int | float:
    seconds = duration.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _serve(plan: Plan, stems: Mapping[str, str]) -> str:
    flows = {pipeline.name: flow_function(pipeline.name) for pipeline in plan.pipelines}
    deployments = []
    for pipeline in plan.pipelines:
        schedule = pipeline.schedule
        when = {"schedule": call("Cron", schedule.cron, timezone=schedule.timezone)} if schedule else {}
        deployments.append(call(f"{flows[pipeline.name]}.to_deployment", deployment_name(plan), **when))
    return render(
        "mlopsc_prefect",
        "serve.py.j2",
        header=header(plan.spec, "prefect"),
        title=f"Serve the flows of {plan.project} from this process.",
        scheduled=any(pipeline.schedule for pipeline in plan.pipelines),
        imports=tuple(
            sorted(
                (_Import(stems[name], function) for name, function in flows.items()),
                key=lambda one: one.module.lower(),
            )
        ),
        serve=call("serve", *deployments),
    )
