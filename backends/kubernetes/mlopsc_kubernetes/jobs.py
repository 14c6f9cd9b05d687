"""The Job or CronJob of a pipeline: when it runs, how often it is tried, how long it is kept."""

from datetime import timedelta
from typing import Any

from mlopsc.codegen.robfig import robfig_cron
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc_kubernetes.names import object_name
from mlopsc_kubernetes.pods import CONTAINER, pod_template
from mlopsc_kubernetes.settings import KubernetesSettings

FINAL = (1, 2, 5)
"""Exit statuses that another pod would only repeat: a faulty spec, a wrong command line, a rule that said no."""


def manifest(plan: Plan, pipeline: Pipeline, settings: KubernetesSettings) -> dict[str, Any]:
    """Return the object of a pipeline: a CronJob where it has a schedule, else a Job."""
    job = _job(plan, pipeline, settings)
    if pipeline.schedule is None:
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": _metadata(plan, pipeline, settings),
            "spec": job,
        }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(plan, pipeline, settings),
        "spec": {
            "schedule": robfig_cron(pipeline.schedule.cron, "Kubernetes"),
            "timeZone": pipeline.schedule.timezone,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _seconds(settings.starting_deadline),
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": labels(plan, pipeline)}, "spec": job},
        },
    }


def labels(plan: Plan, pipeline: Pipeline) -> dict[str, str]:
    """Return the labels by which objects of a project, of an environment, of a pipeline are found."""
    environment = {"app.kubernetes.io/instance": plan.environment} if plan.environment else {}
    return {
        "app.kubernetes.io/name": plan.project,
        **environment,
        "app.kubernetes.io/component": pipeline.name,
        "app.kubernetes.io/managed-by": "mlopsc",
    }


def _metadata(plan: Plan, pipeline: Pipeline, settings: KubernetesSettings) -> dict[str, Any]:
    namespace = {"namespace": settings.namespace} if settings.namespace else {}
    return {"name": object_name(plan, pipeline), **namespace, "labels": labels(plan, pipeline)}


def _job(plan: Plan, pipeline: Pipeline, settings: KubernetesSettings) -> dict[str, Any]:
    deadline = {"activeDeadlineSeconds": _seconds(settings.deadline)} if settings.deadline else {}
    return {
        "backoffLimit": settings.backoff_limit,
        **deadline,
        "ttlSecondsAfterFinished": _seconds(settings.keep),
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailJob",
                    "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": list(FINAL)},
                },
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "template": {
            "metadata": {"labels": labels(plan, pipeline)},
            "spec": pod_template(plan, pipeline, settings),
        },
    }


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
