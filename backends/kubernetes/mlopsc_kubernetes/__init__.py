"""Kubernetes as a target: manifests of Jobs and CronJobs, whose pods run pipelines with the local scheduler."""

from collections.abc import Iterable
from pathlib import Path

from mlopsc.plan.plan import Plan
from mlopsc.targets import Fault, GeneratedFile
from mlopsc_kubernetes.settings import KubernetesSettings


class KubernetesBackend:
    """The backend `kubernetes`: see `mlopsc.targets.Backend`. The cluster runs what it generates."""

    name = "kubernetes"
    settings = KubernetesSettings

    def check(self, plan: Plan, project: Path) -> Iterable[Fault]:
        """Return what of the plan Kubernetes cannot express, or its pods cannot reach."""
        from mlopsc_kubernetes.check import check

        return check(plan, project)

    def emit(self, plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:  # noqa: ARG002
        """Return a manifest for each pipeline."""
        from mlopsc_kubernetes.emit import emit

        return emit(plan)


backend = KubernetesBackend()

__all__ = ["KubernetesBackend", "backend"]
