"""Renders each pipeline of a plan to a Python module, and to the IR that kfp's own compiler makes of it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlopsc.codegen.literals import Code, comment, dotted_name, literal
from mlopsc.codegen.names import distinct, file_stems
from mlopsc.codegen.templates import render
from mlopsc.codegen.writer import header
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.fans import FanOut, fan_outs, units
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.targets import GeneratedFile
from mlopsc.vocabulary.parameters import Parameter
from mlopsc_kfp.components import Component, components_of
from mlopsc_kfp.schedule import kfp_cron
from mlopsc_kfp.settings import RESERVED, KfpSettings, settings_of
from mlopsc_kfp.signatures import PYTHON_TYPES
from mlopsc_kfp.tasks import STATEFUL, name_of, task_of

_COMPILE = "import runpy, sys; [runpy.run_path(path, run_name='__main__') for path in sys.argv[1:]]"


@dataclass(frozen=True)
class _Constant:
    name: str
    value: str


@dataclass(frozen=True)
class _Pipeline:
    """A pipeline as the template shows it."""

    name: str
    title: str
    function: str
    project: str
    package: str
    options: Code
    parameters: Code
    artifacts: Code
    constants: tuple[_Constant, ...]
    uses_kubernetes: bool
    cron: str | None
    schedule: str | None


def emit(plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:
    """Return a module and its IR for each pipeline; raises MlopscError when kfp is not installed or refuses."""
    stems = file_stems(pipeline.name for pipeline in plan.pipelines)
    modules = tuple(
        GeneratedFile(
            f"{stems[pipeline.name]}.py", module(plan, pipeline, f"{stems[pipeline.name]}.yaml", project)
        )
        for pipeline in plan.pipelines
    )
    return (*modules, *_compiled(modules, f"# {header(plan.spec, 'kfp')}\n"))


def pipeline_name(plan: Plan, pipeline: Pipeline) -> str:
    """Return the pipeline's name at KFP, which knows lower case and hyphens."""
    return f"{plan.project}-{pipeline.name}".lower().replace("_", "-")


def module(plan: Plan, pipeline: Pipeline, package: str, project: Path) -> str:
    """Return the Python module of one pipeline, which compiles it to the file `package`."""
    settings = settings_of(plan)
    components = step_components(plan, pipeline)
    outer = _taken(pipeline) | {component.name for component in components.values()}
    fans = fan_outs(pipeline.steps)
    parts = tuple(units(pipeline.steps))
    variables = _variables(parts, outer)
    tasks = tuple(
        task_of(unit, components, variables, fans, settings, plan.infrastructure, project) for unit in parts
    )
    shown = tuple({component.name: component for component in components.values()}.values())
    view = _Pipeline(
        name=pipeline_name(plan, pipeline),
        title=_title(pipeline),
        function=f"{pipeline.name}_pipeline",
        project=plan.project,
        package=package,
        options=_options(plan, pipeline, settings),
        parameters=_parameters(pipeline.parameters),
        artifacts=_artifacts(shown),
        constants=tuple(_constants(plan, pipeline, shown)),
        uses_kubernetes=any(
            statement.startswith("kubernetes.") for task in tasks for statement in task.statements
        ),
        cron=kfp_cron(pipeline.schedule) if pipeline.schedule else None,
        schedule=_purpose(pipeline),
    )
    return render(
        "mlopsc_kfp",
        "pipeline.py.j2",
        header=header(plan.spec, "kfp"),
        pipeline=view,
        components=shown,
        tasks=tasks,
    )


def _variables(parts: Iterable[Step | FanOut], avoid: Collection[str]) -> dict[str, str]:
    """Return the variable of each step's task and, as `GROUP/FIELD`, of each loop's item."""
    parts = tuple(parts)
    tasks = distinct(map(name_of, parts), avoid=avoid, suffix="_task")
    items = distinct(
        (unit.field for unit in parts if isinstance(unit, FanOut)), avoid={*avoid, *tasks.values()}
    )
    looped = {f"{unit.group}/{unit.field}": items[unit.field] for unit in parts if isinstance(unit, FanOut)}
    return tasks | looped


def step_components(plan: Plan, pipeline: Pipeline) -> dict[str, Component]:
    """Return each step's component, as the generated module defines them."""
    return components_of(pipeline, settings_of(plan), _taken(pipeline))


def _taken(pipeline: Pipeline) -> frozenset[str]:
    """Names that the generated module uses for other things than components and tasks."""
    return RESERVED | {f"{pipeline.name}_pipeline", *pipeline.parameters}


def _compiled(modules: tuple[GeneratedFile, ...], first_line: str) -> tuple[GeneratedFile, ...]:
    """Run each module as its user would: it writes its IR beside itself."""
    with tempfile.TemporaryDirectory() as folder:
        for file in modules:
            (Path(folder) / file.path).write_text(file.text, encoding="utf-8")
        command = [sys.executable, "-P", "-c", _COMPILE, *(file.path for file in modules)]
        # What a user has set for kfp would change the IR.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KFP_")}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise _refusal(done.stderr)
        paths = [PurePosixPath(file.path).with_suffix(".yaml").as_posix() for file in modules]
        return tuple(
            GeneratedFile(path, first_line + (Path(folder) / path).read_text(encoding="utf-8"))
            for path in paths
        )


def _refusal(stderr: str) -> MlopscError:
    if "No module named 'kfp" in stderr or "cannot import name 'kubernetes' from 'kfp'" in stderr:
        return MlopscError("compiling for kfp needs the kfp SDK", help="pip install 'mlopsc[kfp]'")
    return MlopscError(f"kfp refused the generated pipeline:\n{stderr.strip()}")


def _constants(plan: Plan, pipeline: Pipeline, components: Iterable[Component]) -> Iterable[_Constant]:
    image = settings_of(plan).default_image
    if image is not None and any(component.base_image == "IMAGE" for component in components):
        yield _Constant("IMAGE", image)
    if any(step.operation in STATEFUL for step in pipeline.steps):
        urls = {"REGISTRY_URL": plan.infrastructure.registry, "STORE_URL": plan.infrastructure.store}
        yield from (_Constant(name, url) for name, url in urls.items() if url is not None)


def _options(plan: Plan, pipeline: Pipeline, settings: KfpSettings) -> Code:
    options = {"name": pipeline_name(plan, pipeline), "description": _title(pipeline)}
    if settings.pipeline_root:
        options["pipeline_root"] = settings.pipeline_root
    return Code(", ".join(f"{name}={literal(value)}" for name, value in options.items()))


def _title(pipeline: Pipeline) -> str:
    """Return the title as one visible line: kfp repeats it in a comment of the IR."""
    return str(comment(f"{pipeline.title.rstrip('.')}."))


def _parameters(parameters: Mapping[str, Parameter]) -> Code:
    """Return the pipeline function's arguments, those without default first."""
    required, optional = [], []
    for name, parameter in parameters.items():
        kind = PYTHON_TYPES[parameter.type]
        declared = f"{dotted_name(name)}: {kind.__name__}"
        if parameter.default is None:
            required.append(declared)
        else:
            optional.append(f"{declared} = {literal(kind(parameter.default))}")
    return Code(", ".join([*required, *optional]))


def _artifacts(components: Iterable[Component]) -> Code:
    used = {name for component in components for name in component.artifact_types}
    return Code(", ".join(sorted(used)))


def _purpose(pipeline: Pipeline) -> str | None:
    if pipeline.schedule is None:
        return None
    return f"Run it by itself from now on: {pipeline.schedule.cron}, {pipeline.schedule.timezone}."
