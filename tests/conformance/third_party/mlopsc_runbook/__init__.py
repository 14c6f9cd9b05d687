"""Runbooks as a target: each pipeline is a page that says what is done, and a runner that does it in that order."""

from collections.abc import Iterator
from pathlib import Path

from mlopsc.plan.plan import Plan
from mlopsc.plan.result import RunResult
from mlopsc.targets import Fault, GeneratedFile, RunRequest
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.policy import Policy
from mlopsc_runbook.page import page


class Settings(Frozen):
    """The keys of `targets.runbook`."""

    policy: Policy = Policy()
    """What a step's own policy leaves open."""
    audience: str = "whoever is on call"
    """Whom the page addresses."""


class Runbook:
    """See `mlopsc.targets.Runner`: these five members are all that a target needs that also runs."""

    name = "runbook"
    settings = Settings

    def check(self, plan: Plan, project: Path) -> Iterator[Fault]:
        """Yield what a person at a terminal cannot provide."""
        for origin, policy in {
            step.origin: step.policy for pipeline in plan.pipelines for step in pipeline.steps
        }.items():
            if policy.accelerator is not None:
                yield Fault(
                    code="MLC501",
                    path=(*origin, "policy", "accelerator"),
                    message="a runbook cannot give a step an accelerator",
                    help="leave `accelerator` to the targets that have one",
                )

    def emit(self, plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:
        """Return one page for each pipeline."""
        audience = Settings.model_validate(plan.targets.get(self.name, {})).audience
        return tuple(
            GeneratedFile(f"{pipeline.name}.md", page(plan, pipeline, audience))
            for pipeline in plan.pipelines
        )

    def run(self, request: RunRequest) -> RunResult:
        """Carry out a pipeline step by step."""
        from mlopsc_runbook.runner import run

        return run(request, Settings.model_validate(request.plan.targets.get(self.name, {})).policy)


backend = Runbook()
