"""Renders each pipeline of a plan to a Python module with its flow, and how the flows are served and deployed."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mlopsc.codegen.literals import Code, call, dotted_name, literal, ports
from mlopsc.codegen.templates import render
from mlopsc.codegen.writer import header
from mlopsc.plan.fans import FanOut, Gathered, fan_outs, gathered, is_gathered, units
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.targets import GeneratedFile
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.parameters import Parameter, ScalarType
from mlopsc.vocabulary.policy import Policy
from mlopsc_prefect.deploy import deployment_name, prefect_yaml
from mlopsc_prefect.names import (
    SERVE,
    arguments,
    flow_function,
    module_stems,
    name_of,
    task_functions,
    variables,
    varying_argument,
)
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
    within: Code | None
    """What it holds while it runs: a share of the machine, a turn."""
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
    parts = tuple(units(pipeline.steps))
    functions = task_functions(parts, {function, *pipeline.parameters})
    named = variables(parts, {function, *pipeline.parameters, *functions.values()})
    fans = fan_outs(pipeline.steps)
    tasks = tuple(_task(unit, pipeline, functions[name_of(unit)], settings, fans) for unit in parts)
    return render(
        "mlopsc_prefect",
        "flow.py.j2",
        header=header(plan.spec, "prefect"),
        title=_sentence(pipeline.title),
        imported=literal_names(*_imported(tasks)),
        prefect=literal_names("flow", "task", *(["unmapped"] if fans else [])),
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
                {name_of(unit): Code(named[name_of(unit)]) for unit in parts},
                store_url=Code("STORE_URL"),
            ),
            runs_by_itself=all(parameter.default is not None for parameter in pipeline.parameters.values()),
        ),
        submissions=tuple(
            _Submission(named[name_of(unit)], _submission(unit, functions[name_of(unit)], named, fans))
            for unit in parts
        ),
    )


def literal_names(*names: str) -> Code:
    """Return names as an import statement lists them."""
    return Code(", ".join(dotted_name(name) for name in names))


def _task(
    unit: Step | FanOut,
    pipeline: Pipeline,
    function: str,
    settings: PrefectSettings,
    fans: Mapping[str, FanOut],
) -> _Task:
    step = unit if isinstance(unit, Step) else unit.first
    policy = step.effective_policy(settings.policy)
    lists = gathered(step, fans)
    by_port, parameters = arguments(step, lists)
    declared = [
        f"{dotted_name(by_port[port])}: Outputs" for port in step.inputs if not is_gathered(port, lists)
    ]
    declared += [f"{dotted_name(by_port[stem])}: list[Outputs]" for stem in lists]
    declared += [
        f"{dotted_name(parameters[name])}: {_PYTHON[pipeline.parameters[name].type]}"
        for name in step.parameters
    ]
    name, configuration = literal(step.name), step.configuration
    if isinstance(unit, FanOut):
        argument = varying_argument(unit)
        declared.append(f"{dotted_name(argument)}: {type(unit.values[0]).__name__}")
        declared += [] if _tells_name(unit) else ["step: str"]
        name = _step_name(unit)
        configuration = {**configuration, unit.field: Code(argument)}
    given: dict[str, Any] = {"pipeline": Code("PIPELINE"), "inputs": _inputs(step, by_port, lists)}
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
        options=_task_options(unit, function, policy),
        arguments=Code(", ".join(declared)),
        purpose=_purpose(step),
        within=_within(unit, policy),
        run=call("run_stored", name, configuration, **given),
    )


def _inputs(step: Step, named: Mapping[str, str], lists: Mapping[str, Gathered]) -> Code:
    """Return the digests that a task passes on, by port."""
    single = {
        port: Code(f"{named[port]}[{literal(source.port)}]")
        for port, source in step.inputs.items()
        if not is_gathered(port, lists)
    }
    return ports(single, {stem: (named[stem], f"one[{literal(one.port)}]") for stem, one in lists.items()})


def _tells_name(fan: FanOut) -> bool:
    """Whether the value that differs, written as text, ends the names of a fan-out's steps."""
    return fan.names == tuple(f"{fan.group}_{value}" for value in fan.values)


def _step_name(fan: FanOut) -> Code:
    if not _tells_name(fan):
        return Code("step")
    return Code(f'f"{fan.group}_{{{dotted_name(varying_argument(fan))}}}"')


def _task_options(unit: Step | FanOut, function: str, policy: Policy) -> Code:
    step = unit if isinstance(unit, Step) else unit.first
    options: dict[str, Any] = {} if function == name_of(unit) else {"name": name_of(unit)}
    if isinstance(unit, FanOut):
        told = f"{unit.group}_{{{varying_argument(unit)}}}" if _tells_name(unit) else "{step}"
        options["task_run_name"] = told
    options["cache_policy"] = Code("NO_CACHE")
    if operation_class(step.operation).refuses:
        options["retries"] = 0
    elif policy.retries is not None:
        options["retries"] = policy.retries
        if policy.retry_delay and policy.retries:
            options["retry_delay_seconds"] = _seconds(policy.retry_delay)
    return call("task", **options)


def _within(unit: Step | FanOut, policy: Policy) -> Code | None:
    """Return what a task waits for before it runs its step: its share of the machine, its turn in a fan-out."""
    waits = [] if isinstance(unit, Step) or unit.limit is None else [call("at_most", unit.limit, unit.group)]
    waits += [one] if (one := _share(policy)) is not None else []
    return Code(", ".join(waits)) if waits else None


def _imported(tasks: Iterable[_Task]) -> tuple[str, ...]:
    waits = " ".join(task.within or "" for task in tasks)
    return ("conclude", *(name for name in ("at_most", "share") if f"{name}(" in waits))


def _share(policy: Policy) -> Code | None:
    wanted: dict[str, Any] = {}
    if policy.cpu is not None:
        wanted["cpu"] = int(policy.cpu) if policy.cpu.is_integer() else policy.cpu
    if policy.memory is not None:
        wanted["memory"] = policy.memory
    return call("share", **wanted) if wanted else None


def _submission(
    unit: Step | FanOut, function: str, named: Mapping[str, str], fans: Mapping[str, FanOut]
) -> Code:
    step = unit if isinstance(unit, Step) else unit.first
    lists = gathered(step, fans)
    by_port, parameters = arguments(step, lists)
    given: dict[str, Any] = {
        by_port[port]: Code(named[source.step])
        for port, source in step.inputs.items()
        if not is_gathered(port, lists)
    }
    given |= {by_port[stem]: Code(named[found.group]) for stem, found in lists.items()}
    given |= {argument: Code(name) for name, argument in parameters.items()}
    if isinstance(unit, FanOut):
        given = {name: call("unmapped", value) for name, value in given.items()}
        given |= {varying_argument(unit): _listed(unit.values)}
        given |= {} if _tells_name(unit) else {"step": list(unit.names)}
    if step.after:
        given["wait_for"] = [Code(named[earlier]) for earlier in step.after]
    return call(f"{function}.{'submit' if isinstance(unit, Step) else 'map'}", **given)


def _listed(values: tuple[Any, ...]) -> Code:
    """Return values as the list that a task is mapped over."""
    if values == tuple(range(len(values))):
        return call("range", len(values))
    return literal(list(values))


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
