"""A run: what it is about, and what has become of its steps; the journal and the listeners hear of every change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlopsc.plan.plan import Step
from mlopsc.plan.result import RunStatus, StepResult, StepStatus
from mlopsc.runtime.context import Context
from mlopsc.runtime.journal import Held, Journal
from mlopsc.runtime.store import Store
from mlopsc.targets import RunRequest
from mlopsc_local.choice import Choice

EXIT_CODES: Mapping[RunStatus, int] = {"succeeded": 0, "failed": 4, "refused": 5, "cancelled": 130}


@dataclass
class Run:
    """The state of one run."""

    id: str
    request: RunRequest
    choice: Choice
    context: Context
    store: Store
    journal: Journal
    folder: Path
    lease: float
    """Seconds for which it counts as alive after a sign of life."""
    results: dict[str, StepResult] = field(default_factory=dict)
    _announced: set[str] = field(default_factory=set)
    _waiting: set[str] = field(default_factory=set)

    def started(self, step: Step, key: str, log: Path) -> None:
        """Record that a step runs now, in a process of its own."""
        self.journal.step_started(self.id, step.name, step.operation, key=key, log=log.name)
        self.announce(step)

    def announce(self, step: Step) -> None:
        """Tell the listener, once, that a step has started."""
        if self.request.on_start is not None and step.name not in self._announced:
            self._announced.add(step.name)
            self.request.on_start(step.name)

    def waits(self, step: Step, holder: Held) -> None:
        """Tell the listener, once, that a step waits for another run that makes the same result."""
        if self.request.on_wait is not None and step.name not in self._waiting:
            self._waiting.add(step.name)
            self.request.on_wait(step.name, str(holder))

    def finished(
        self,
        step: Step,
        status: StepStatus,
        *,
        reason: str | None = None,
        outputs: Mapping[str, str] | None = None,
        seconds: float | None = None,
        key: str | None = None,
    ) -> None:
        """Record what became of a step."""
        result = StepResult(
            name=step.name,
            operation=step.operation,
            status=status,
            seconds=seconds,
            outputs=dict(outputs or {}),
            reason=reason,
            source=str(step.source),
        )
        self.results[step.name] = result
        self.journal.step_finished(
            self.id,
            step.name,
            step.operation,
            status,
            seconds=seconds,
            outputs=outputs,
            error=None if status in ("run", "cached") else reason,
            key=key,
        )
        if self.request.on_step is not None:
            self.request.on_step(result)


def status_of(results: Iterable[StepResult]) -> RunStatus:
    """Return what a run came to: a crash weighs more than a refusal."""
    statuses = {result.status for result in results}
    return "failed" if "failed" in statuses else "refused" if "refused" in statuses else "succeeded"
