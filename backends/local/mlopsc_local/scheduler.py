"""A run from its request to its result: journal, workers and loop are opened, and closed however the run ends."""

import contextlib
from dataclasses import replace
from importlib import import_module

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.result import RunResult, RunStatus
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.tasks import library_version
from mlopsc.runtime.workers import Workers
from mlopsc.targets import RunRequest
from mlopsc_local.choice import Choice, choose
from mlopsc_local.interrupts import Interrupts
from mlopsc_local.leftovers import clear, recognize_crashes, run_folder
from mlopsc_local.lookup import context_of
from mlopsc_local.loop import Loop
from mlopsc_local.resources import Resources
from mlopsc_local.state import EXIT_CODES, Run, status_of

_REGISTRY = frozenset({"register", "resolve_champion", "resolve_model", "resolve_reference"})
"""Operations that ask the registry."""


def run_pipeline(request: RunRequest, choice: Choice | None = None) -> RunResult:
    """Run one pipeline here; a failing step is a status of the result.

    Raises MlopscError when the project's state cannot be written, LeaseLost when it was stopped for so long that the
    run was given up elsewhere, and KeyboardInterrupt (for Ctrl-C and SIGTERM) after
    everything that ran was stopped and the run recorded as cancelled.
    """
    context, pipeline = context_of(request), request.pipeline
    if _REGISTRY.intersection(step.operation for step in pipeline.steps):
        import_module(
            "mlopsc.runtime.registry.registry"
        )  # needed here at the end: steps that fork find it imported
    library_version.cache_clear()  # a notebook may have installed another version since its last run
    with Interrupts() as interrupts, Workers() as workers, Journal.of_project(context.project) as journal:
        recognize_crashes(journal, context.project)
        chosen = choice or choose(pipeline)
        run_id = journal.start_run(
            pipeline.name,
            spec=request.plan.spec,
            environment=request.plan.environment,
            parameters=request.parameters,
            plan=request.plan.model_dump_json(),
            steps=[(step.name, step.operation) for step in chosen.of(pipeline)],
        )
        run = Run(
            id=run_id,
            request=request,
            choice=chosen,
            context=replace(context, run=run_id),
            store=context.store(),
            journal=journal,
            folder=run_folder(context.project, run_id),
            lease=journal.run(run_id).lease,
        )
        loop = Loop(run, workers, Resources.of_this_machine(), interrupts)
        try:
            loop.go()
        except BaseException as error:
            _abandon(run, loop, "failed" if isinstance(error, Exception) else "cancelled")
            raise
        finally:
            clear(run.folder)
        status = status_of(run.results.values())
        journal.finish_run(run.id, status, exit_code=EXIT_CODES[status])
        return RunResult(
            run=run.id,
            pipeline=pipeline.name,
            target="local",
            status=status,
            steps=tuple(run.results[step.name] for step in chosen.of(pipeline)),
            parameters=dict(request.parameters),
        )


def _abandon(run: Run, loop: Loop, status: RunStatus) -> None:
    """Stop and record a run that cannot go on; what cannot be written or told (a full disk) is left out."""
    with contextlib.suppress(Exception):
        loop.stop()
    with contextlib.suppress(MlopscError):
        run.journal.finish_run(run.id, status, exit_code=3 if status == "failed" else EXIT_CODES[status])


__all__ = ["run_pipeline"]
