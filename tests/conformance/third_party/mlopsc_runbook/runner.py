"""Does what the page says: one step after the other, through the same runtime as every other target."""

import uuid

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc.plan.plan import Step
from mlopsc.plan.result import RunResult, StepResult, StepStatus
from mlopsc.runtime.execution import run_stored
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.policy import Policy


def run(request: RunRequest, default: Policy) -> RunResult:
    """Run every step whose needs were met; a step that fails is a status of the result, not an exception."""
    done: dict[str, StepResult] = {}
    for step in request.pipeline.steps:
        if request.on_start is not None:
            request.on_start(step.name)
        done[step.name] = _carry_out(step, done, request, default)
        if request.on_step is not None:
            request.on_step(done[step.name])
    statuses = {result.status for result in done.values()}
    return RunResult(
        run=f"runbook-{uuid.uuid4().hex[:8]}",
        pipeline=request.pipeline.name,
        target="runbook",
        status="failed" if "failed" in statuses else "refused" if "refused" in statuses else "succeeded",
        steps=tuple(done.values()),
        parameters=dict(request.parameters),
    )


def _carry_out(step: Step, done: dict[str, StepResult], request: RunRequest, default: Policy) -> StepResult:
    needs = {artifact.step for artifact in step.inputs.values()} | set(step.after)
    missing = sorted(name for name in needs if done[name].status != "run")
    if missing:
        return _result(step, "skipped", reason=f"it needs {', '.join(missing)}")
    policy = step.effective_policy(default)
    tries = 1 + (policy.retries or 0)
    while True:
        tries -= 1
        try:
            outputs = run_stored(
                step.name,
                step.configuration,
                pipeline=request.pipeline.name,
                inputs={port: done[made.step].outputs[made.port] for port, made in step.inputs.items()},
                parameters=request.parameters,
                project=request.project,
                registry_url=request.registry_url,
                store_url=request.store_url,
                env=policy.env,
                timeout=policy.timeout.total_seconds() if policy.timeout else None,
            )
        except Refusal as refusal:
            return _result(step, "refused", reason=str(refusal), outputs=refusal.outputs)
        except MlopscError as error:
            if tries == 0:
                return _result(step, "failed", reason=str(error))
        else:
            return _result(step, "run", outputs=outputs)


def _result(
    step: Step, status: StepStatus, *, reason: str | None = None, outputs: dict[str, str] | None = None
) -> StepResult:
    return StepResult(
        name=step.name,
        operation=step.operation,
        status=status,
        outputs=outputs or {},
        reason=reason,
        source=str(step.source),
    )
