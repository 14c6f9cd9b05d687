"""What of a plan an image cannot hold: data of this machine, and keys that mean nothing to an image."""

from collections.abc import Iterator
from pathlib import Path

from mlopsc.codegen.context import include_faults
from mlopsc.codegen.data import data_fault
from mlopsc.codegen.image import image_settings
from mlopsc.plan.plan import Plan
from mlopsc.targets import Fault
from mlopsc.vocabulary.policy import Policy


def check(plan: Plan, project: Path) -> tuple[Fault, ...]:
    """Return the faults, each once; paths lead to keys of the spec."""
    return tuple(dict.fromkeys(_faults(plan, project)))


def _faults(plan: Plan, project: Path) -> Iterator[Fault]:
    settings = image_settings(plan)
    if settings.policy != Policy():
        yield Fault(
            "MLC501",
            ("targets", "docker", "policy"),
            "an image has no policy: it is said where the image is run",
            "move it to the target that runs the image",
        )
    yield from include_faults(plan, project, settings.include, "targets", "docker", "include")
    for pipeline in plan.pipelines:
        for step in pipeline.steps:
            if step.operation == "load" and (fault := data_fault(step, project, "a container")) is not None:
                yield fault
