"""What of a plan Prefect cannot express, or its workers cannot reach.

A flow run is one process, or one job of the work pool: what a step asks for by itself is refused unless the whole
flow can have it.
"""

import keyword
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from mlopsc.codegen.data import data_fault
from mlopsc.codegen.reach import Elsewhere, infrastructure_faults
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.targets import Fault
from mlopsc_prefect.names import IN_FLOW, module_stems
from mlopsc_prefect.settings import PrefectSettings, settings_of

WORKERS = Elsewhere("a worker of the pool", "workers", "targets.prefect.job_variables.env")
_TAKEN_BY_PREFECT = frozenset({"self", "return_state", "wait_for"})
_PROTECTED = ("model_dump", "model_validate", "v__")
"""Beginnings of names that pydantic, by which Prefect checks a flow's arguments, keeps for itself."""
_LAST_WEEKDAY = re.compile(r"\dL|LW|WL|L\d|[A-Za-z]{3}L", re.IGNORECASE)


def check(plan: Plan, project: Path) -> tuple[Fault, ...]:
    """Return the faults, each once; paths lead to keys of the spec."""
    return tuple(dict.fromkeys(_faults(plan, settings_of(plan), project)))


def _faults(plan: Plan, settings: PrefectSettings, project: Path) -> Iterator[Fault]:
    yield from _settings(settings)
    if settings.work_pool:
        yield from infrastructure_faults(plan, WORKERS)
    try:
        module_stems(plan)
    except MlopscError as error:
        yield Fault("MLC505", (), str(error), error.help)
    for pipeline in plan.pipelines:
        yield from _parameters(pipeline)
        yield from _schedule(pipeline)
        for step in pipeline.steps:
            yield from _policy(step, settings)
            if settings.work_pool and step.operation == "load":
                travels = settings.image is not None
                if (fault := data_fault(step, project, WORKERS.one, in_image=travels)) is not None:
                    yield fault
            if settings.work_pool:
                yield from _secrets(step, settings)


def _settings(settings: PrefectSettings) -> Iterator[Fault]:
    here = ("targets", "prefect")
    if settings.work_pool is None:
        for key in ("work_queue", "image", "directory", "job_variables"):
            if getattr(settings, key):
                yield Fault(
                    "MLC501",
                    (*here, key),
                    f"without a work pool flows run where `serve.py` is started: `{key}` has no effect there",
                    "name the pool: targets.prefect.work_pool",
                )
    if settings.policy.image is not None:
        yield Fault(
            "MLC501",
            (*here, "policy", "image"),
            "a flow run of Prefect is one container: steps have no images of their own",
            "write it as targets.prefect.image",
        )
    if settings.policy.accelerator is not None:
        yield _accelerator((*here, "policy", "accelerator"))


def _parameters(pipeline: Pipeline) -> Iterator[Fault]:
    for name in pipeline.parameters:
        taken = name in _TAKEN_BY_PREFECT or hasattr(BaseModel, name) or name.startswith(_PROTECTED)
        if taken or keyword.iskeyword(name) or name in IN_FLOW:
            yield Fault(
                "MLC505",
                ("parameters", name),
                f"a flow of Prefect cannot have a parameter called {name!r}: the name is taken by "
                f"{'Prefect' if taken else 'Python' if keyword.iskeyword(name) else 'the generated code'}",
                "give the parameter another name",
            )


def _schedule(pipeline: Pipeline) -> Iterator[Fault]:
    if pipeline.schedule is None:
        return
    path = ("monitors", pipeline.name, "schedule")
    fields = pipeline.schedule.cron.split()
    day, weekday = (fields[2], fields[4]) if len(fields) == 5 else ("", "")
    if len(fields) != 5:
        message = (
            f"expected five fields (minute, hour, day, month, weekday), found {pipeline.schedule.cron!r}"
        )
        yield Fault("MLC501", (*path, "cron"), message)
    elif _LAST_WEEKDAY.search(day) or _LAST_WEEKDAY.search(weekday):
        yield Fault(
            "MLC501", (*path, "cron"), f"Prefect does not read {pipeline.schedule.cron!r} as it is meant"
        )
    elif day != "*" and weekday != "*" and (day.startswith("*") or weekday.startswith("*")):
        yield Fault(
            "MLC501",
            (*path, "cron"),
            "Prefect reads a stepped day together with a weekday in another way than cron does",
            "give only one of the two",
        )
    for key in ("cron", "timezone"):
        if "{{" in getattr(pipeline.schedule, key):
            yield Fault("MLC506", (*path, key), "Prefect takes '{{' for a placeholder of its own")
    for name, parameter in pipeline.parameters.items():
        if parameter.default is None:
            yield Fault(
                "MLC501",
                path,
                f"a scheduled run of {pipeline.name!r} has no value for parameter {name!r}",
                f"give it a default: parameters.{name}.default",
            )


def _policy(step: Step, settings: PrefectSettings) -> Iterator[Fault]:
    path = (*step.origin, "policy")
    if step.policy.image is not None and step.policy.image != settings.image:
        yield Fault(
            "MLC501",
            (*path, "image"),
            "a flow run of Prefect is one container: a step cannot have an image of its own",
            "name one image for the flow, targets.prefect.image, or compile for kfp",
        )
    if step.policy.accelerator is not None:
        yield _accelerator((*path, "accelerator"))


def _accelerator(path: tuple[str, ...]) -> Fault:
    return Fault(
        "MLC501",
        path,
        "Prefect cannot give a step its accelerator: a flow run is one job of the work pool",
        "let the pool's job template ask for it (targets.prefect.job_variables sets its variables), or compile "
        "for kfp",
    )


def _secrets(step: Step, settings: PrefectSettings) -> Iterator[Fault]:
    env = settings.job_variables.get("env", {})
    for name, source in step.configuration.get("secrets", {}).items():
        variable = source.get("env")
        if variable is not None and variable not in env:
            yield Fault(
                "MLC508",
                ("secrets", name),
                f"secret {name!r} is not on the workers: it comes from this machine's environment",
                f"say where a worker finds it: targets.prefect.job_variables.env.{variable}: "
                '"{{ prefect.blocks.secret.NAME }}"',
            )
        elif variable is None and not str(source.get("file")).startswith("/"):
            yield Fault(
                "MLC508",
                ("secrets", name),
                f"secret {name!r} is not on the workers: it comes from a file of the project",
                "name an absolute path, where the work pool's job template mounts it",
            )
