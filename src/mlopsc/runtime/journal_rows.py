"""What the journal's rows say: runs and steps as values, and whether a run that is not over can still be alive."""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from mlopsc.runtime.leases import SignOfLife, silence
from mlopsc.runtime.processes import Process, is_gone

RunStatus = Literal["running", "succeeded", "failed", "refused", "cancelled", "crashed"]
StepStatus = Literal[
    "pending", "running", "run", "cached", "failed", "skipped", "blocked", "refused", "cancelled"
]
CRASHED_EXIT = 4
INTERRUPTED = "the process that ran it is gone"
"""What is said of a step that was running when its run crashed."""
UNRECORDED = "its run ended before its end could be written down"
"""What is said of a step that was running when its run ended otherwise: the journal's disk failed in between."""

RUN_COLUMNS = ", ".join(
    f"runs.{name}"
    for name in (
        *(
            "id",
            "pipeline",
            "spec",
            "environment",
            "parameters",
            "plan",
            "status",
            "started",
            "ended",
            "exit_code",
        ),
        *("reason", "host", "boot", "namespace", "pid", "born", "lease", "tick", "renewed"),
    )
)
RUNS = f"select {RUN_COLUMNS} from runs"  # noqa: S608 - column names of ours
STEPS = "select name, operation, status, started, seconds, outputs, error, log, key from steps"


@dataclass(frozen=True, slots=True)
class Run:
    """One row of `runs`; times in UTC, `plan` the digest of the plan's JSON (see `Journal.plan`).

    A run whose process is gone or whose lease ran out is `crashed`, also before anyone has written that down.
    """

    id: str
    pipeline: str
    spec: str
    environment: str | None
    parameters: Mapping[str, Any]
    plan: str | None
    status: RunStatus
    started: datetime
    ended: datetime | None
    exit_code: int | None
    host: str
    process: Process
    lease: float = 0.0
    """Seconds for which it counts as alive after `seen`."""
    seen: SignOfLife | None = None
    reason: str | None = None
    """Of a crashed run: how it was found out."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a run; `seconds` of wall time, `outputs` digests by port, `key` of its action."""

    name: str
    operation: str
    status: StepStatus
    started: datetime | None
    seconds: float | None
    outputs: Mapping[str, str]
    error: str | None
    log: str | None
    key: str | None


def read_run(row: Sequence[Any]) -> Run:
    """Return the run of a row that `RUNS` selects, as it must be taken now."""
    run, pipeline, spec, environment, parameters, plan, status, started, ended, code, reason, host, *rest = (
        row
    )
    *process, lease, tick, renewed = rest
    found = Run(
        id=run,
        pipeline=pipeline,
        spec=spec,
        environment=environment,
        parameters=json.loads(parameters),
        plan=plan,
        status=status,
        started=datetime.fromisoformat(started),
        ended=_time(ended),
        exit_code=code,
        host=host,
        process=Process(*process),
        lease=lease,
        seen=SignOfLife(process[0], tick, datetime.fromisoformat(renewed)) if renewed else None,
        reason=reason,
    )
    death = _death(found) if found.status == "running" else None
    return found if death is None else replace(found, status="crashed", exit_code=CRASHED_EXIT, reason=death)


def read_step(row: Sequence[Any], run: Run | None) -> StepRun:
    """Return the step of a row that `STEPS` selects; what a crashed run was at has failed."""
    name, operation, status, started, seconds, outputs, error, log, key = row
    if run is not None and run.status == "crashed" and status == "running":
        status, error = "failed", INTERRUPTED
    return StepRun(name, operation, status, _time(started), seconds, json.loads(outputs), error, log, key)


def _death(run: Run) -> str | None:
    """Say why a run that did not end cannot be alive; None when it can."""
    if is_gone(run.process, same_host=run.host == socket.gethostname()):
        return f"its process {run.process.pid} is gone"
    return None if run.seen is None else silence(run.seen, run.lease)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
