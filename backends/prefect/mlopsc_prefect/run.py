"""Runs one pipeline's generated flow in a process of its own, and follows its steps.

The module and the flow's log stay in `.mlopsc/prefect/` of the project.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Infrastructure, Step
from mlopsc.plan.result import RunResult, RunStatus, StepResult
from mlopsc.runtime.context import REGISTRY_VARIABLE, STATE_FOLDER, STORE_VARIABLE
from mlopsc.runtime.execution import ACTOR_VARIABLE, PROJECT_VARIABLE
from mlopsc.targets import RunRequest
from mlopsc_prefect.emit import module_text
from mlopsc_prefect.names import flow_function, module_stems

_PATIENCE = 10.0
"""Seconds that a flow has to end after Ctrl-C."""
_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}
"""Taken where the environment says nothing else; the last because a cold server needs 16 s on a small machine."""


@dataclass
class _Progress:
    """What has been heard of a run."""

    request: RunRequest
    results: dict[str, StepResult] = field(default_factory=dict)
    run: str | None = None
    reason: str | None = None
    """Why the flow failed."""

    def hear(self, line: Mapping[str, Any]) -> None:
        if "run" in line:
            self.run, self.reason = line["run"], line["reason"]
        elif line["event"] == "started":
            if self.request.on_start is not None:
                self.request.on_start(line["step"])
        else:
            step = self.request.pipeline.step(line["step"])
            told = {key: line[key] for key in ("status", "seconds", "outputs", "reason")}
            self.finish(step, **told)

    def finish(self, step: Step, **told: Any) -> None:
        result = StepResult(name=step.name, operation=step.operation, source=str(step.source), **told)
        self.results[step.name] = result
        if self.request.on_step is not None:
            self.request.on_step(result)


def run(request: RunRequest) -> RunResult:
    """Run one pipeline on Prefect and wait for it; a failing step is a status of the result.

    Raises MlopscError when Prefect is not installed or fails the flow for a reason that is no step's, and
    KeyboardInterrupt after the flow was stopped.
    """
    if find_spec("prefect") is None:
        raise MlopscError("running on Prefect needs Prefect", help="pip install 'mlopsc[prefect]'")
    plan, pipeline = request.plan, request.pipeline
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = request.project.resolve() / STATE_FOLDER / "prefect" / f"{stamp}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    module = folder / f"{module_stems(plan)[pipeline.name]}.py"
    # Where state lives is said by the environment: a caller may want another place than the spec's.
    module.write_text(
        module_text(plan.model_copy(update={"infrastructure": Infrastructure()}), pipeline), encoding="utf-8"
    )
    progress, log = _Progress(request), folder / "log"
    exit_status = _follow(progress, module, log)
    if progress.run is None:
        raise MlopscError(
            f"Prefect ended with exit status {exit_status} before the flow did:\n{_last_words(log)}",
            help=f"its log is {log}",
        )
    status = _status(progress)
    if progress.reason is not None and status == "succeeded":
        raise MlopscError(f"Prefect failed the flow: {progress.reason}", help=f"its log is {log}")
    for step in pipeline.steps:
        if step.name not in progress.results:
            progress.finish(step, status="skipped", reason=_why_skipped(step, progress.results))
    return RunResult(
        run=progress.run,
        pipeline=pipeline.name,
        target="prefect",
        status=status,
        steps=tuple(progress.results[step.name] for step in pipeline.steps),
        parameters=dict(request.parameters),
    )


def _follow(progress: _Progress, module: Path, log: Path) -> int:
    """Run the driver, pass on what it says, and return its exit status."""
    request = progress.request
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "mlopsc_prefect.driver"]
    command += [str(module), flow_function(request.pipeline.name), str(writing)]
    with os.fdopen(reading, encoding="utf-8") as heard:
        try:
            with log.open("wb") as output:
                child = subprocess.Popen(
                    command,
                    cwd=request.project,
                    env=environment(request),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                    start_new_session=True,
                )
        finally:
            os.close(writing)
        try:
            _listen(child, progress, heard)
            return child.wait()
        except BaseException:
            _stop(child)
            raise


def _listen(child: subprocess.Popen[bytes], progress: _Progress, heard: IO[str]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin:
        child.stdin.write(json.dumps(dict(progress.request.parameters)).encode())
    for line in heard:
        progress.hear(json.loads(line))


def environment(request: RunRequest) -> dict[str, str]:
    """Return the child's environment."""
    infrastructure = request.plan.infrastructure
    places = {
        REGISTRY_VARIABLE: request.registry_url or infrastructure.registry,
        STORE_VARIABLE: request.store_url or infrastructure.store,
    }
    given = {name: url for name, url in places.items() if url is not None}
    own = {PROJECT_VARIABLE: str(request.project.resolve()), ACTOR_VARIABLE: request.actor}
    return {**_QUIET, **os.environ, **given, **own}


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the flow and the server that it may have started; Prefect records that it was stopped."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
            return


def _why_skipped(step: Step, results: Mapping[str, StepResult]) -> str:
    needs = {*(artifact.step for artifact in step.inputs.values()), *step.after}
    stopped = sorted(name for name in needs if name in results and results[name].status != "run")
    return f"it needs {', '.join(stopped)}" if stopped else "the run ended before"


def _status(progress: _Progress) -> RunStatus:
    statuses = {result.status for result in progress.results.values()}
    return "failed" if "failed" in statuses else "refused" if "refused" in statuses else "succeeded"


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])


__all__ = ["environment", "run"]
