"""What a local run would do, without doing it: the walk of the scheduler that only looks results up."""

from dataclasses import dataclass
from typing import Literal

from mlopsc_local.choice import Choice

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Step
from mlopsc.runtime.context import Context
from mlopsc.runtime.tasks import Prepared, Task, literal_operation, prepare
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.policy import Policy


@dataclass(frozen=True)
class Forecast:
    """What would become of a step: `run`, `cached`, `refused` (a cached refusal), `failed`, `depends`, `skipped`.

    `depends`: on a step that would run; whether this one runs too, only that step's result can tell.
    """

    name: str
    operation: str
    status: Literal["run", "cached", "refused", "failed", "depends", "skipped"]
    reason: str | None = None


def forecast(request: RunRequest, choice: Choice) -> list[Forecast]:
    """Return what would become of each chosen step, in the order of the plan."""
    context = Context(
        project=request.project,
        registry_url=request.registry_url,
        store_url=request.store_url,
        actor=request.actor,
    )
    default = Policy.model_validate(request.plan.targets.get("local", {}).get("policy", {}))
    found: dict[str, Forecast] = {}
    outputs: dict[str, dict[str, str]] = {}
    for step in request.pipeline.steps:
        if step.name not in choice.steps:
            continue
        found[step.name] = _waiting(step, found) or _looked_up(
            step, request, context, choice, step.effective_policy(default), outputs
        )
    return list(found.values())


def _waiting(step: Step, found: dict[str, Forecast]) -> Forecast | None:
    """Return the forecast of a step that needs one whose result is not there; None when all are."""
    needs = dict.fromkeys([*(artifact.step for artifact in step.inputs.values()), *step.after])
    stopped = [name for name in needs if found[name].status in ("refused", "failed", "skipped")]
    if stopped:
        return Forecast(step.name, step.operation, "skipped", f"it needs {', '.join(stopped)}")
    running = [name for name in needs if found[name].status in ("run", "depends")]
    if running:
        return Forecast(step.name, step.operation, "depends", f"on the result of {', '.join(running)}")
    return None


def _looked_up(
    step: Step,
    request: RunRequest,
    context: Context,
    choice: Choice,
    policy: Policy,
    outputs: dict[str, dict[str, str]],
) -> Forecast:
    inputs = {port: outputs[artifact.step][artifact.port] for port, artifact in step.inputs.items()}
    try:
        operation = literal_operation(step.configuration, request.parameters)
        task = Task(request.pipeline.name, step.name, operation, inputs, dict(policy.env or {}))
        prepared: Prepared = prepare(task, context, context.store(), force=choice.forced.get(step.name))
    except MlopscError as error:
        return Forecast(step.name, step.operation, "failed", str(error))
    record = prepared.record
    if record is None:
        return Forecast(step.name, step.operation, "run", "; ".join(prepared.reasons))
    outputs[step.name] = dict(record.outputs)
    if record.status == "refused":
        return Forecast(step.name, step.operation, "refused", record.message)
    return Forecast(step.name, step.operation, "cached")
