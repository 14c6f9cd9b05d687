"""The loop of a run: starts what is ready, waits for what runs, records what became of it.

A step's result is looked up once all that it needs is there. What must run does so in a process of its own, under a
claim by action key, so that two runs at once never do the same work twice.
"""

import contextlib
import time
from dataclasses import dataclass

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Step
from mlopsc.plan.result import StepStatus
from mlopsc.runtime.actions import ActionRecord
from mlopsc.runtime.execution import failure
from mlopsc.runtime.journal import Held
from mlopsc.runtime.tasks import Committed, Prepared, made_meanwhile
from mlopsc.runtime.workers import Handle, Workers
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.policy import Policy
from mlopsc_local.attempt import Attempt, give_up, keep, launch, run_here, take_up
from mlopsc_local.heartbeat import Heartbeat
from mlopsc_local.interrupts import Interrupts
from mlopsc_local.lookup import default_policy, look_up, not_there
from mlopsc_local.order import Order
from mlopsc_local.resources import Resources
from mlopsc_local.state import Run

_POLL = 0.1
"""Seconds between looks at a claim that another run holds."""


@dataclass(eq=False)
class _Ready:
    """A step that has all it needs and no process yet."""

    step: Step
    policy: Policy
    number: int = 0
    """How many tries came before."""
    due: float = 0.0
    """Not to be looked at before: a retry's delay, or another run that holds its claim."""
    prepared: Prepared | None = None


class Loop:
    """Carries the steps of one run out."""

    def __init__(self, run: Run, workers: Workers, free: Resources, interrupts: Interrupts) -> None:
        self._run = run
        self._workers = workers
        self._free = free
        self._interrupts = interrupts
        self._default = default_policy(run.request)
        self._steps = run.choice.of(run.request.pipeline)
        self._order = Order(self._steps)
        self._ready: dict[str, _Ready] = {}
        self._attempts: dict[str, Attempt] = {}
        self._heartbeat = Heartbeat(run.journal, run.id, run.lease, self._alive)

    def go(self) -> None:
        """Return when every step has a result; raises KeyboardInterrupt, and MlopscError of the journal."""
        with self._heartbeat:
            self._await(self._order.begin())
            while self._ready or self._attempts:
                if not self._advance():
                    self._wait()

    def stop(self) -> None:
        """Stop everything that runs, and record what was not finished."""
        self._workers.close()
        for attempt in self._attempts.values():
            with contextlib.suppress(MlopscError):  # the claim ends with the run
                give_up(self._run, attempt, self._free)
        for step in self._steps:
            if step.name in self._run.results:
                continue
            begun = self._attempts.get(step.name)
            status: StepStatus = "skipped" if begun is None else "cancelled"
            seconds = None if begun is None else begun.seconds
            self._run.finished(step, status, reason="the run was stopped", seconds=seconds)

    def _alive(self) -> list[int]:
        """Return the tokens of the claims whose steps can go on; called by another thread."""
        if self._workers.is_stopped():
            return []
        return [attempt.claim.token for attempt in list(self._attempts.values()) if attempt.can_go_on()]

    def _await(self, steps: list[Step]) -> None:
        for step in steps:
            self._ready[step.name] = _Ready(step, step.effective_policy(self._default))

    def _advance(self) -> bool:
        """Look at every step that is ready and due; say whether any of them got on."""
        got_on, now = False, time.monotonic()
        for one in list(self._ready.values()):
            if one.due <= now:
                got_on |= self._look_up(one) if one.prepared is None else False
                got_on |= self._start(one) if one.prepared is not None else False
        return got_on

    def _look_up(self, one: _Ready) -> bool:
        run, step = self._run, one.step
        outputs = {artifact.step: run.results[artifact.step].outputs for artifact in step.inputs.values()}
        try:
            with self._interrupts.allowed():
                prepared = look_up(
                    step,
                    one.policy,
                    outputs,
                    request=run.request,
                    choice=run.choice,
                    context=run.context,
                    store=run.store,
                )
        except Exception as error:  # noqa: BLE001 - whatever a source or the registry answers fails this step alone
            self._failed(step, one.policy, one.number, _told(error))
            return True
        if prepared.record is not None:
            self._cached(step, prepared.record)
        elif run.choice.only not in (None, step.name):
            self._end(step, "failed", reason=not_there(prepared))
        else:
            one.prepared = prepared
        return True

    def _start(self, one: _Ready) -> bool:
        """Start a step; False when its resources or its claim are not free."""
        run, step, prepared = self._run, one.step, one.prepared
        assert prepared is not None
        if operation_class(step.operation).light:
            self._run_here(one, prepared)
            return True
        if not self._free.has(self._free.share(one.policy)) or self._has_no_turn(step):
            return False
        try:
            attempt = take_up(run, self._free, step, one.policy, prepared, one.number)
        except MlopscError as error:
            self._failed(step, one.policy, one.number, _told(error))
            return True
        if isinstance(attempt, Held):
            self._run.waits(step, attempt)
            one.due = time.monotonic() + _POLL
            return False
        self._attempts[step.name] = attempt
        del self._ready[step.name]
        record = None
        try:
            if step.name not in run.choice.forced:
                record = made_meanwhile(prepared, run.context, run.store)
            if record is None:
                launch(run, attempt, self._workers)
        except MlopscError as error:
            self._release(attempt)
            self._failed(step, one.policy, one.number, _told(error))
        if record is not None:
            self._release(attempt)
            self._cached(step, record)
        return True

    def _has_no_turn(self, step: Step) -> bool:
        """Whether as many steps of its fan-out run as may at a time."""
        if step.fan is None or step.fan.limit is None:
            return False
        groups = [attempt.step.fan.group for attempt in self._attempts.values() if attempt.step.fan]
        return groups.count(step.fan.group) >= step.fan.limit

    def _run_here(self, one: _Ready, prepared: Prepared) -> None:
        self._run.announce(one.step)
        started = time.monotonic()
        try:
            committed, refusal = run_here(self._run, one.step, prepared)
        except MlopscError as error:
            self._failed(one.step, one.policy, one.number, _told(error), time.monotonic() - started)
            return
        self._made(one.step, prepared, committed, refusal, time.monotonic() - started)

    def _wait(self) -> None:
        """Wait until a process ends or something is due. Raises LeaseLost when the run was taken over meanwhile."""
        due = [one.due - time.monotonic() for one in self._ready.values() if one.due]
        patience = max(0.0, min([self._heartbeat.interval, *due]))
        with self._interrupts.allowed():
            ended = self._workers.wait(patience)
            if not ended and not self._attempts:
                time.sleep(patience)
        self._heartbeat.check()
        for handle in ended:
            self._ended(handle)

    def _ended(self, handle: Handle) -> None:
        attempt = next(one for one in self._attempts.values() if one.handle is handle)
        outcome, step = handle.outcome, attempt.step
        assert outcome is not None
        try:
            if outcome.kind not in ("ok", "refusal"):
                raise MlopscError(failure(outcome), help=outcome.help)
            refusal = outcome.message if outcome.kind == "refusal" else None
            committed = keep(self._run, attempt, refusal)
        except MlopscError as error:
            self._release(attempt)
            self._failed(step, attempt.policy, attempt.number, _told(error), attempt.seconds)
            return
        self._release(attempt)
        self._made(step, attempt.prepared, committed, refusal, attempt.seconds)

    def _release(self, attempt: Attempt) -> None:
        del self._attempts[attempt.step.name]
        give_up(self._run, attempt, self._free)

    def _failed(
        self, step: Step, policy: Policy, number: int, reason: str, seconds: float | None = None
    ) -> None:
        """Try a step again that crashed, if its policy says so; else it has failed."""
        if number < (policy.retries or 0):
            delay = policy.retry_delay.total_seconds() if policy.retry_delay else 0.0
            self._ready[step.name] = _Ready(step, policy, number + 1, time.monotonic() + delay)
            return
        tries = f" (after {number + 1} tries)" if number else ""
        self._end(step, "failed", reason=f"{reason}{tries}", seconds=seconds)

    def _cached(self, step: Step, record: ActionRecord) -> None:
        refused = record.status == "refused"
        self._end(
            step,
            "refused" if refused else "cached",
            reason=record.message if refused else None,
            record=record,
        )

    def _made(
        self, step: Step, prepared: Prepared, committed: Committed, refusal: str | None, seconds: float
    ) -> None:
        reasons = list(prepared.reasons)
        if not committed.kept:
            reasons.append("what it reads changed while it ran, so its result is not kept for reuse")
        status: StepStatus = "run" if refusal is None else "refused"
        if committed.unchanged and step.name not in self._run.choice.forced:
            status, reasons = "cached", ["it looked again and saw what it had seen before"]
        reason = "; ".join(reasons) if refusal is None else refusal
        self._end(step, status, reason=reason, record=committed.record, seconds=seconds)

    def _end(
        self,
        step: Step,
        status: StepStatus,
        *,
        reason: str | None,
        record: ActionRecord | None = None,
        seconds: float | None = None,
    ) -> None:
        """Record a step's result; steps that wait for it become ready, or are skipped when there is none."""
        self._ready.pop(step.name, None)
        outputs, key = (None, None) if record is None else (record.outputs, record.key)
        self._run.finished(step, status, reason=reason, outputs=outputs, seconds=seconds, key=key)
        if status in ("run", "cached"):
            self._await(self._order.succeeded(step.name))
            return
        skipped = [(step.name, one) for one in self._order.stopped(step.name)]
        while skipped:
            cause, one = skipped.pop(0)
            self._run.finished(one, "skipped", reason=f"it needs {cause}")
            skipped += [(one.name, next_one) for next_one in self._order.stopped(one.name)]


def _told(error: Exception) -> str:
    if not isinstance(error, MlopscError):
        return f"{type(error).__name__}: {error}"
    return f"{error} ({error.help})" if error.help else str(error)
