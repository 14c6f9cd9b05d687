"""Container images as a target: the Dockerfile, and everything that it takes, for an image of the project."""

from collections.abc import Iterable
from pathlib import Path

from mlopsc.codegen.image import ImageSettings
from mlopsc.plan.plan import Plan
from mlopsc.targets import EmittedFile, Fault


class _Docker:
    """The backend `docker`: see `mlopsc.targets.Backend`. It builds nothing and runs nothing."""

    name = "docker"
    settings = ImageSettings

    def check(self, plan: Plan, project: Path) -> Iterable[Fault]:
        from mlopsc_docker.check import check

        return check(plan, project)

    def emit(self, plan: Plan, project: Path) -> tuple[EmittedFile, ...]:
        from mlopsc.codegen.image import image_files

        return image_files(plan, project, target=self.name, tag=plan.project.lower())


backend = _Docker()
