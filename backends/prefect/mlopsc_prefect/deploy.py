"""`prefect.yaml`: the deployments of a plan's flows on a work pool, as `prefect deploy --all` reads them."""

from collections.abc import Mapping
from typing import Any

from mlopsc.codegen.literals import comment
from mlopsc.codegen.writer import header
from mlopsc.codegen.yaml_text import yaml_text
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.vocabulary.policy import memory_bytes
from mlopsc_prefect.names import flow_function
from mlopsc_prefect.settings import PrefectSettings


def deployment_name(plan: Plan) -> str:
    """Return the name of each flow's deployment: the environment that the plan was compiled for."""
    return plan.environment or "default"


def prefect_yaml(plan: Plan, settings: PrefectSettings, stems: Mapping[str, str]) -> str:
    """Return the whole file."""
    variables = {pipeline.name: job_variables(pipeline, settings) for pipeline in plan.pipelines}
    names = sorted({name for one in variables.values() for name in one})
    document: dict[str, Any] = {"name": plan.project}
    if names:
        wanted = {"work_pool": settings.work_pool, "variables": names}
        document["build"] = [{"mlopsc_prefect.work_pools.require_variables": wanted}]
    if settings.directory:
        place = {"directory": settings.directory}
        document["pull"] = [{"prefect.deployments.steps.set_working_directory": place}]
    document["deployments"] = [
        {
            "name": deployment_name(plan),
            "entrypoint": f"{stems[pipeline.name]}.py:{flow_function(pipeline.name)}",
            **_schedules(pipeline),
            "work_pool": _work_pool(settings, variables[pipeline.name]),
        }
        for pipeline in plan.pipelines
    ]
    return (
        f"# {comment(header(plan.spec, 'prefect'))}\n# Run here: prefect deploy --all\n{yaml_text(document)}"
    )


def job_variables(pipeline: Pipeline, settings: PrefectSettings) -> dict[str, Any]:
    """Return the variables of a flow run's job: cores and memory are those of its largest step."""
    policies = [step.effective_policy(settings.policy) for step in pipeline.steps]
    cores = [policy.cpu for policy in policies if policy.cpu is not None]
    memory = [policy.memory for policy in policies if policy.memory is not None]
    found: dict[str, Any] = {}
    if settings.image:
        found["image"] = settings.image
    if cores:
        found["cpu"] = f"{max(cores):g}"
    if memory:
        found["memory"] = max(memory, key=memory_bytes)
    return found | settings.job_variables


def _schedules(pipeline: Pipeline) -> dict[str, Any]:
    if pipeline.schedule is None:
        return {}
    return {"schedules": [{"cron": pipeline.schedule.cron, "timezone": pipeline.schedule.timezone}]}


def _work_pool(settings: PrefectSettings, variables: Mapping[str, Any]) -> dict[str, Any]:
    pool: dict[str, Any] = {"name": settings.work_pool}
    if settings.work_queue:
        pool["work_queue_name"] = settings.work_queue
    return pool | ({"job_variables": dict(variables)} if variables else {})
