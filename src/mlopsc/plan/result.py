"""What a run of a pipeline came to, on whatever target: the same shape everywhere, so that it can be compared."""

from typing import Any, Literal

from mlopsc.vocabulary.base import Frozen

StepStatus = Literal["run", "cached", "failed", "refused", "skipped", "cancelled"]
RunStatus = Literal["succeeded", "failed", "refused", "cancelled"]


class StepResult(Frozen):
    """What became of one step."""

    name: str
    operation: str
    status: StepStatus
    seconds: float | None = None
    """Wall time; None when it did not run or the target does not say."""
    outputs: dict[str, str] = {}
    """Port → digest, `sha256:…`."""
    reason: str | None = None
    """Why it ran, failed, refused or was skipped."""
    source: str | None = None
    """Place in the YAML that the step came from."""


class RunResult(Frozen):
    """What became of one run."""

    run: str
    pipeline: str
    target: str
    status: RunStatus
    steps: tuple[StepResult, ...]
    parameters: dict[str, Any] = {}

    def outputs(self) -> dict[tuple[str, str], str]:
        """Return (step, port) → digest of everything that was made."""
        return {(step.name, port): digest for step in self.steps for port, digest in step.outputs.items()}
