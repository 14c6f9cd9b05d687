"""Schedules as Kubeflow Pipelines writes them: six fields, seconds first, in the cluster's time, which is UTC."""

from mlopsc.codegen.robfig import robfig_cron
from mlopsc.plan.plan import Schedule

_UTC = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/Zulu", "Zulu", "Etc/UCT", "UCT"})


def kfp_cron(schedule: Schedule) -> str:
    """Return KFP's expression for a schedule; raises ValueError that says what KFP cannot express."""
    if schedule.timezone not in _UTC:
        raise ValueError(
            f"Kubeflow Pipelines runs schedules in UTC only, not in {schedule.timezone}: write the cron in UTC"
        )
    return f"0 {robfig_cron(schedule.cron, 'Kubeflow Pipelines')}"
