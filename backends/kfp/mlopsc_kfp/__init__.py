"""Kubeflow Pipelines as a target: settings, check, emitter and local runner. Imports kfp only to compile and run."""

from collections.abc import Iterable
from pathlib import Path

from mlopsc.plan.plan import Plan
from mlopsc.plan.result import RunResult
from mlopsc.targets import EmittedFile, Fault, Remote, RunRequest
from mlopsc_kfp.settings import KfpSettings


class _Kfp:
    """The backend `kfp`: see `mlopsc.targets.Submitter`."""

    name = "kfp"
    settings = KfpSettings

    def check(self, plan: Plan, project: Path) -> Iterable[Fault]:
        from mlopsc_kfp.check import check

        return check(plan, project)

    def emit(self, plan: Plan, project: Path) -> tuple[EmittedFile, ...]:
        from mlopsc.codegen.image import image_files
        from mlopsc_kfp.emit import emit
        from mlopsc_kfp.settings import settings_of

        tag = settings_of(plan).default_image or plan.project.lower()
        image = image_files(plan, project, target=self.name, tag=tag, extras=("kfp",), folder="image")
        return (*emit(plan, project), *image)

    def run(self, request: RunRequest) -> RunResult:
        from mlopsc_kfp.run import run

        return run(request)

    def submit(self, request: RunRequest, remote: Remote) -> RunResult | None:
        from mlopsc_kfp.submit import submit

        return submit(request, remote)


backend = _Kfp()
