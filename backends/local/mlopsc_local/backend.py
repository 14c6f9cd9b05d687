"""The local target as a backend: what it cannot express, and how it runs a pipeline. It generates no files."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from mlopsc.plan.plan import Plan, Step
from mlopsc.plan.result import RunResult
from mlopsc.targets import Fault, GeneratedFile, RunRequest
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.estimators import booster_library
from mlopsc.vocabulary.exports import ONNX_MODULES
from mlopsc.vocabulary.policy import Policy


class LocalSettings(Frozen):
    """The keys of `targets.local`."""

    policy: Policy = Policy()
    """Taken where a step's own policy leaves something open."""


class LocalBackend:
    """Steps are processes of this machine, as many at once as it has cores."""

    name = "local"
    settings = LocalSettings

    def check(self, plan: Plan, project: Path) -> Iterator[Fault]:  # noqa: ARG002
        """Yield what this machine cannot do: images, accelerators, and libraries that are not installed."""
        default = LocalSettings.model_validate(plan.targets.get(self.name, {})).policy
        for key in ("image", "accelerator"):
            if getattr(default, key) is not None:
                yield _inexpressible(key, ("targets", self.name, "policy", key))
        seen = set()
        for pipeline in plan.pipelines:
            for step in pipeline.steps:
                for key in ("image", "accelerator"):
                    path = (*step.origin, "policy", key)
                    if getattr(step.policy, key) is not None and path not in seen:
                        seen.add(path)
                        yield _inexpressible(key, path)
                for library, extra, path in _libraries(step):
                    if path not in seen and find_spec(library) is None:
                        seen.add(path)
                        yield Fault(
                            code="MLC316",
                            path=path,
                            message=f"{library} is not installed here, where the steps would run",
                            help=f"pip install 'mlopsc[{extra}]'",
                        )

    def emit(self, plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:  # noqa: ARG002
        """Return nothing: the plan is run as it is."""
        return ()

    def run(self, request: RunRequest) -> RunResult:
        """Run one pipeline here and wait for it."""
        from mlopsc_local.scheduler import run_pipeline

        return run_pipeline(request)


def _libraries(step: Step) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the modules of extras that a step imports, each with its extra and the key that asks for it."""
    library = booster_library(step.configuration.get("estimator"))
    if library is not None:
        yield library, library, (*step.origin, "estimator")
    if step.operation == "export_onnx":
        for module in ONNX_MODULES:
            yield module, "onnx", (*step.origin, "onnx")


def _inexpressible(key: str, path: tuple[str, ...]) -> Fault:
    return Fault(
        code="MLC501",
        path=path,
        message=f"the local target cannot give a step its `{key}`: steps are processes of this machine",
        help="move it below `targets.kfp.policy`, or into the environment that is compiled for that target",
    )
