"""One try of one step: resources, claim, folder and process; taken up together, given back together."""

import os
import shutil
import time
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc.plan.fans import side_by_side
from mlopsc.plan.plan import Step
from mlopsc.runtime import operations
from mlopsc.runtime.atomic import cannot_write
from mlopsc.runtime.journal import Claim, Held
from mlopsc.runtime.processes import is_stopped
from mlopsc.runtime.tasks import ENTRY, Committed, Prepared, commit, lay_out, perform, stage
from mlopsc.runtime.workers import Handle, Workers
from mlopsc.vocabulary.policy import Policy
from mlopsc_local.leftovers import work_folder
from mlopsc_local.resources import Resources, Share
from mlopsc_local.state import Run


@dataclass(eq=False)
class Attempt:
    """A step that runs in a process of its own."""

    step: Step
    policy: Policy
    prepared: Prepared
    number: int
    """How many tries came before."""
    share: Share
    claim: Claim
    handle: Handle | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Wall time since it was taken up."""
        return time.monotonic() - self.started

    def can_go_on(self) -> bool:
        """Whether its process is not held up (SIGSTOP, a debugger); true also before it has one."""
        return self.handle is None or self.handle.pid is None or not is_stopped(self.handle.pid)


def take_up(
    run: Run, free: Resources, step: Step, policy: Policy, prepared: Prepared, number: int
) -> Attempt | Held:
    """Take resources and claim for a try, or return who has the claim: another run that does this very work.

    `free` must have what the policy asks for. Raises MlopscError when the journal cannot be written.
    """
    claim = run.journal.claim(run.id, step.name, prepared.action.key)
    if isinstance(claim, Held):
        return claim
    share = free.share(policy)
    free.take(share)
    return Attempt(step, policy, prepared, number, share, claim)


def _threads(run: Run, step: Step) -> int:
    """Return the threads of a step that asks for no number: those of a fan-out share what there is, since threads
    that wait for a core cost more than they do."""
    return max(1, run.context.threads // side_by_side(step, run.request.pipeline.steps))


def launch(run: Run, attempt: Attempt, workers: Workers) -> None:
    """Start the step's process; raises MlopscError when its files cannot be laid out or no process be started."""
    step, policy = attempt.step, attempt.policy
    log = run.folder / f"{step.name}.log"
    run.started(step, attempt.prepared.action.key, log)
    threads = _threads(run, step) if policy.cpu is None else max(1, int(policy.cpu))
    context = replace(run.context, threads=threads, claim=attempt.claim.token)
    request = stage(attempt.prepared, context, run.store, work_folder(run.folder, step.name))
    _make_log(log)
    attempt.handle = workers.submit(
        ENTRY,
        request,
        log=log,
        env=policy.env,
        cwd=run.context.project,
        timeout=policy.timeout.total_seconds() if policy.timeout else None,
        modules=operations.modules_for(type(attempt.prepared.task.operation)),
    )


def keep(run: Run, attempt: Attempt, refusal: str | None) -> Committed:
    """Put what the step made into the store; raises MlopscError, LeaseLost when its work was taken over."""
    folder = work_folder(run.folder, attempt.step.name)
    return commit(
        attempt.prepared,
        run.context,
        run.store,
        folder,
        seconds=attempt.seconds,
        refusal=refusal,
        guard=lambda: _guard(run, attempt.claim.token),
    )


def give_up(run: Run, attempt: Attempt, free: Resources) -> None:
    """Give back what an attempt has taken; raises MlopscError when the journal cannot be written."""
    free.give_back(attempt.share)
    shutil.rmtree(work_folder(run.folder, attempt.step.name), ignore_errors=True)
    run.journal.release(attempt.claim)


def _guard(run: Run, token: int | None) -> AbstractContextManager[Any]:
    """Keep the run's claim while a record is written: nobody can take it over before the record stands.

    Of a remote store the journal is not held for so long; the claim is looked at just before.
    """
    if run.store.is_local:
        return run.journal.guarding(run.id, token)
    run.journal.require(run.id, token)
    return nullcontext()


def run_here(run: Run, step: Step, prepared: Prepared) -> tuple[Committed, str | None]:
    """Carry a light operation out in this process; return what is kept, and the words of a refusal.

    It only reads small JSON: a process of its own, and a claim, would cost more than the work. Raises MlopscError.
    """
    folder = work_folder(run.folder, "light")  # one for all: they come one after the other
    started, refusal = time.monotonic(), None
    inputs, outputs = lay_out(prepared, run.store, folder)
    try:
        try:
            perform(prepared.task.operation, inputs, outputs, run.context)
        except Refusal as error:
            refusal = str(error)
        seconds = time.monotonic() - started
        committed = commit(
            prepared,
            run.context,
            run.store,
            folder,
            seconds=seconds,
            refusal=refusal,
            guard=lambda: _guard(run, None),
        )
        return committed, refusal
    except Exception as error:
        log = run.folder / f"{step.name}.log"
        with suppress(MlopscError, OSError):  # of a disk that is full the error itself tells
            _make_log(log)
            log.write_text(traceback.format_exc(), "utf-8")
        if isinstance(error, MlopscError):
            raise
        raise MlopscError(f"{type(error).__name__}: {error}") from error


def _make_log(log: Path) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644))
    except OSError as error:
        raise cannot_write(log, error) from error
