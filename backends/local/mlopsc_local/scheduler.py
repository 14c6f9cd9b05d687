"""The local scheduler: one loop that starts what is ready, waits for what runs, and keeps the journal.

A step's result is looked up when all that it needs is there. What must run does so in a process of its own, under
a lock by action key, so that two runs at once never do the same work twice.
"""

import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc.plan.plan import Pipeline, Step
from mlopsc.plan.result import RunResult, RunStatus, StepResult, StepStatus
from mlopsc.runtime import operations
from mlopsc.runtime.actions import ActionCache, ActionRecord
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.locks import FileLock
from mlopsc.runtime.store import Store
from mlopsc.runtime.tasks import ENTRY, Prepared, Task, carry_out, commit, literal_operation, prepare, stage
from mlopsc.runtime.workers import Handle, Outcome, Workers
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.policy import Policy
from mlopsc_local.choice import Choice, choose
from mlopsc_local.resources import Resources

EXIT_CODES: Mapping[RunStatus, int] = {"succeeded": 0, "failed": 4, "refused": 5, "cancelled": 130}
_POLL = 0.1
"""Seconds between looks at locks of other runs and at delayed retries."""


@dataclass
class _Attempt:
    """A step that runs, or waits to run again."""

    step: Step
    policy: Policy
    prepared: Prepared
    share: tuple[float, int]
    lock: FileLock
    folder: Path
    log: Path
    number: int
    started: float
    handle: Handle | None = None


@dataclass
class _Run:
    """The state of one run."""

    request: RunRequest
    choice: Choice
    context: Context
    store: Store
    journal: Journal
    workers: Workers
    free: Resources
    folder: Path
    default: Policy
    id: str = ""
    results: dict[str, StepResult] = field(default_factory=dict)
    attempts: dict[str, _Attempt] = field(default_factory=dict)
    retries: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Step → (when it may start again, which attempt that is)."""
    announced: set[str] = field(default_factory=set)


def run_pipeline(request: RunRequest, choice: Choice | None = None) -> RunResult:
    """Run one pipeline here; a failing step is a status of the result.

    Raises MlopscError when the project's state cannot be written, and KeyboardInterrupt after everything that ran was
    stopped and the run recorded as cancelled.
    """
    context = Context(
        project=request.project.resolve(),
        registry_url=request.registry_url,
        store_url=request.store_url,
        actor=request.actor,
    )
    pipeline = request.pipeline
    settings = request.plan.targets.get("local", {})
    with ExitStack() as stack:
        journal = stack.enter_context(Journal.of_project(context.project))
        for orphan in journal.orphans():
            journal.mark_crashed(orphan.id)
        workers = stack.enter_context(Workers())
        run = _Run(
            request=request,
            choice=choice or choose(pipeline),
            context=context,
            store=context.store(),
            journal=journal,
            workers=workers,
            free=Resources.of_this_machine(),
            folder=Path(),
            default=Policy.model_validate(settings.get("policy", {})),
        )
        run.id = journal.start_run(
            pipeline.name,
            spec=request.plan.spec,
            environment=request.plan.environment,
            parameters=request.parameters,
            plan=request.plan.model_dump_json(),
            steps=[(step.name, step.operation) for step in pipeline.steps if step.name in run.choice.steps],
        )
        run.context = replace(context, run=run.id)
        run.folder = context.project / STATE_FOLDER / "runs" / run.id
        try:
            _loop(run, pipeline)
        except BaseException:
            _cancel(run, pipeline)
            journal.finish_run(run.id, "cancelled", exit_code=EXIT_CODES["cancelled"])
            raise
        result = RunResult(
            run=run.id,
            pipeline=pipeline.name,
            target="local",
            status=_status(run.results.values()),
            steps=tuple(run.results[step.name] for step in pipeline.steps if step.name in run.results),
            parameters=dict(request.parameters),
        )
        journal.finish_run(run.id, result.status, exit_code=EXIT_CODES[result.status])
        return result


def _loop(run: _Run, pipeline: Pipeline) -> None:
    steps = [step for step in pipeline.steps if step.name in run.choice.steps]
    while len(run.results) < len(steps):
        progress = False
        for step in steps:
            if step.name not in run.results and step.name not in run.attempts:
                progress |= _advance(run, step)
        if progress:
            continue
        waiting = any(attempt.handle is None for attempt in run.attempts.values()) or run.retries
        for handle in run.workers.wait(_POLL if waiting else None):
            _finish_attempt(run, handle)
        if not any(attempt.handle for attempt in run.attempts.values()):
            time.sleep(_POLL if waiting else 0.001)


def _advance(run: _Run, step: Step) -> bool:
    """Look at a step that has no result; say whether that changed anything."""
    needs = {*(artifact.step for artifact in step.inputs.values()), *step.after}
    done = [run.results[name] for name in needs if name in run.results]
    stopped = [result for result in done if result.status not in ("run", "cached")]
    if stopped:
        names = ", ".join(sorted(result.name for result in stopped))
        _record(run, step, "skipped", reason=f"it needs {names}")
        return True
    if len(done) < len(needs):
        return False
    due, number = run.retries.get(step.name, (0.0, 0))
    if time.monotonic() < due:
        return False
    return _begin(run, step, number)


def _begin(run: _Run, step: Step, number: int) -> bool:
    """Take a step's result from the cache, or start it; False when its resources or its lock are not free."""
    policy = step.effective_policy(run.default)
    try:
        prepared = _prepared(run, step, policy)
    except MlopscError as error:
        _record(run, step, "failed", reason=_told(error))
        return True
    if prepared.record is not None:
        _from_cache(run, step, prepared)
        return True
    if run.choice.only is not None and step.name != run.choice.only:
        reason = f"its result is not in the cache ({prepared.reasons[0]}), and --only runs nothing else"
        _record(run, step, "failed", reason=reason)
        return True
    share = run.free.share(policy)
    if not run.free.take(share):
        return False
    lock = FileLock(run.context.project / STATE_FOLDER / "locks" / f"{prepared.action.key}.lock", timeout=0)
    try:
        lock.__enter__()
    except MlopscError:
        run.free.give_back(share)  # another run does this very work: its result will be in the cache
        run.retries[step.name] = (time.monotonic() + _POLL, number)
        return False
    attempt = _Attempt(
        step=step,
        policy=policy,
        prepared=prepared,
        share=share,
        lock=lock,
        folder=run.folder / "work" / step.name,
        log=run.folder / f"{step.name}.log",
        number=number,
        started=time.monotonic(),
    )
    run.retries.pop(step.name, None)
    run.attempts[step.name] = attempt
    _start(run, attempt)
    return True


def _prepared(run: _Run, step: Step, policy: Policy) -> Prepared:
    operation = literal_operation(step.configuration, run.request.parameters)
    inputs = {
        port: run.results[artifact.step].outputs[artifact.port] for port, artifact in step.inputs.items()
    }
    task = Task(run.request.pipeline.name, step.name, operation, inputs, dict(policy.env or {}))
    return prepare(task, run.context, run.store, force=run.choice.forced.get(step.name))


def _from_cache(run: _Run, step: Step, prepared: Prepared) -> None:
    record = prepared.record
    assert record is not None
    refused = record.status == "refused"
    _record(
        run,
        step,
        "refused" if refused else "cached",
        reason=record.message if refused else None,
        outputs=record.outputs,
        key=prepared.action.key,
    )


def _start(run: _Run, attempt: _Attempt) -> None:
    step, policy = attempt.step, attempt.policy
    run.journal.step_started(
        run.id, step.name, step.operation, key=attempt.prepared.action.key, log=attempt.log.name
    )
    if run.request.on_start is not None and step.name not in run.announced:
        run.announced.add(step.name)
        run.request.on_start(step.name)
    try:
        request = stage(attempt.prepared, _threads(run, policy), run.store, attempt.folder)
        if operation_class(step.operation).light and not policy.env and policy.timeout is None:
            _run_here(run, attempt, request)
            return
        attempt.handle = run.workers.submit(
            ENTRY,
            request,
            log=attempt.log,
            env=policy.env,
            cwd=run.context.project,
            timeout=policy.timeout.total_seconds() if policy.timeout else None,
            modules=operations.modules_for(operation_class(step.operation)),
        )
    except MlopscError as error:
        _end_attempt(run, attempt, "failed", reason=_told(error))


def _threads(run: _Run, policy: Policy) -> Context:
    return run.context if policy.cpu is None else replace(run.context, threads=max(1, int(policy.cpu)))


def _run_here(run: _Run, attempt: _Attempt, request: Mapping[str, object]) -> None:
    """Carry out an operation that only reads small JSON: a process of its own would cost more than the work."""
    refusal = None
    try:
        carry_out(request)
    except Refusal as error:
        refusal = str(error)
    _commit(run, attempt, refusal)


def _finish_attempt(run: _Run, handle: Handle) -> None:
    attempt = next(found for found in run.attempts.values() if found.handle is handle)
    outcome = handle.outcome
    assert outcome is not None
    if outcome.kind in ("ok", "refusal"):
        _commit(run, attempt, outcome.message if outcome.kind == "refusal" else None)
        return
    if attempt.number < (attempt.policy.retries or 0) and outcome.kind != "killed":
        delay = attempt.policy.retry_delay.total_seconds() if attempt.policy.retry_delay else 0.0
        _release(run, attempt)
        run.retries[attempt.step.name] = (time.monotonic() + delay, attempt.number + 1)
        return
    tries = f" (after {attempt.number + 1} tries)" if attempt.number else ""
    _end_attempt(run, attempt, "failed", reason=f"{_crash(outcome)}{tries}")


def _commit(run: _Run, attempt: _Attempt, refusal: str | None) -> None:
    seconds = time.monotonic() - attempt.started
    before = ActionCache(run.store).lookup(attempt.prepared.action.key)
    try:
        record = commit(
            attempt.prepared, run.context, run.store, attempt.folder, seconds=seconds, refusal=refusal
        )
    except MlopscError as error:
        _end_attempt(run, attempt, "failed", reason=_told(error))
        return
    status: StepStatus = "run" if refusal is None else "refused"
    if attempt.step.kind == "observe" and isinstance(before, ActionRecord) and before.outputs == record.outputs:
        status = "cached"  # it looked, and what it saw has not changed
    reason = "; ".join(attempt.prepared.reasons) if refusal is None else refusal
    _end_attempt(run, attempt, status, reason=reason, outputs=record.outputs)


def _end_attempt(
    run: _Run,
    attempt: _Attempt,
    status: StepStatus,
    *,
    reason: str,
    outputs: Mapping[str, str] | None = None,
) -> None:
    seconds = time.monotonic() - attempt.started
    _release(run, attempt)
    _record(run, attempt.step, status, reason=reason, outputs=outputs, seconds=seconds)


def _release(run: _Run, attempt: _Attempt) -> None:
    run.attempts.pop(attempt.step.name, None)
    run.free.give_back(attempt.share)
    attempt.lock.path.unlink(missing_ok=True)  # whoever opened it meanwhile sees that it is gone
    attempt.lock.__exit__(None, None, None)
    for path in attempt.folder.iterdir() if attempt.folder.is_dir() else ():
        path.unlink()
    if attempt.folder.is_dir():
        attempt.folder.rmdir()


def _record(
    run: _Run,
    step: Step,
    status: StepStatus,
    *,
    reason: str | None = None,
    outputs: Mapping[str, str] | None = None,
    seconds: float | None = None,
    key: str | None = None,
) -> None:
    result = StepResult(
        name=step.name,
        operation=step.operation,
        status=status,
        seconds=seconds,
        outputs=dict(outputs or {}),
        reason=reason,
        source=str(step.source),
    )
    run.results[step.name] = result
    run.retries.pop(step.name, None)
    run.journal.step_finished(
        run.id,
        step.name,
        step.operation,
        status,
        seconds=seconds,
        outputs=outputs,
        error=reason if status in ("failed", "refused", "skipped") else None,
        key=key,
    )
    if run.request.on_step is not None:
        run.request.on_step(result)


def _cancel(run: _Run, pipeline: Pipeline) -> None:
    """Stop everything that runs and record what was not finished; a second Ctrl-C does not disturb that."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run.workers.close()
        for attempt in list(run.attempts.values()):
            _end_attempt(run, attempt, "cancelled", reason="the run was stopped")
        for step in pipeline.steps:
            if step.name in run.choice.steps and step.name not in run.results:
                _record(run, step, "skipped", reason="the run was stopped")
    finally:
        signal.signal(signal.SIGINT, before)


def _status(results: object) -> RunStatus:
    statuses = {result.status for result in results}  # type: ignore[attr-defined]
    return "failed" if "failed" in statuses else "refused" if "refused" in statuses else "succeeded"


def _crash(outcome: Outcome) -> str:
    return f"{outcome.type}: {outcome.message}" if outcome.kind == "failed" else outcome.message


def _told(error: MlopscError) -> str:
    return f"{error} ({error.help})" if error.help else str(error)
