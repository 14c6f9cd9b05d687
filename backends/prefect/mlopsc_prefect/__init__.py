"""Prefect as a target: settings, check, emitter and runner. Importing this imports neither prefect nor jinja2."""

from collections.abc import Iterable
from pathlib import Path

from mlopsc.plan.plan import Plan
from mlopsc.plan.result import RunResult
from mlopsc.targets import Fault, GeneratedFile, RunRequest
from mlopsc_prefect.settings import PrefectSettings


class PrefectBackend:
    """The backend `prefect`: see `mlopsc.targets.Runner`."""

    name = "prefect"
    settings = PrefectSettings

    def check(self, plan: Plan, project: Path) -> Iterable[Fault]:
        """Return what of the plan Prefect cannot express, or its workers cannot reach."""
        from mlopsc_prefect.check import check

        return check(plan, project)

    def emit(self, plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:  # noqa: ARG002
        """Return a module for each pipeline, `serve.py`, and `prefect.yaml` where a work pool is named."""
        from mlopsc_prefect.emit import emit

        return emit(plan)

    def run(self, request: RunRequest) -> RunResult:
        """Run one pipeline's flow here, against the server of `PREFECT_API_URL` or one of its own."""
        from mlopsc_prefect.run import run

        return run(request)


backend = PrefectBackend()

__all__ = ["PrefectBackend", "backend"]
