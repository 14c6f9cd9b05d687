"""Feast as a target: a repository that `feast apply` takes, over tables that `mlopsc features export` writes."""

from collections.abc import Iterable
from pathlib import Path

from mlopsc.plan.plan import Plan
from mlopsc.targets import Fault, GeneratedFile
from mlopsc_feast.settings import FeastSettings


class _Feast:
    """The backend `feast`: see `mlopsc.targets.Backend`. It runs nothing: Feast serves what it describes."""

    name = "feast"
    settings = FeastSettings
    serving = True

    def check(self, plan: Plan, project: Path) -> Iterable[Fault]:  # noqa: ARG002
        from mlopsc_feast.check import check

        return check(plan)

    def emit(self, plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:  # noqa: ARG002
        from mlopsc_feast.emit import emit

        return emit(plan)


backend = _Feast()
