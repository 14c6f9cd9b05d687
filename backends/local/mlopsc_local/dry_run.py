"""What a run would do, without doing it: the walk of the loop that only looks results up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.fans import FanOut, common_status
from mlopsc.plan.plan import Step
from mlopsc.targets import RunRequest
from mlopsc_local.choice import Choice, choose, needs
from mlopsc_local.lookup import context_of, default_policy, look_up, not_there

Would = Literal["run", "cached", "depends", "refused", "failed", "skipped"]


@dataclass(frozen=True)
class Forecast:
    """What would become of a step, and why.

    `depends`: on the result of a step that would run; whether this one runs too, only that result can tell.
    `refused`: a declared rule has stopped it, and would again. `failed`: what it needs to begin is not there.
    """

    name: str
    operation: str
    status: Would
    reason: str | None = None


def joined(fan: FanOut, members: Sequence[Forecast]) -> Forecast:
    """Return what would become of a fan-out, as if it were one step."""
    statuses = [one.status for one in members]
    counts = ", ".join(f"{statuses.count(word)} {word}" for word in dict.fromkeys(statuses))
    status = cast("Would", common_status(statuses))
    reason = members[0].reason if len({*statuses}) == 1 else counts
    return Forecast(fan.title, members[0].operation, status, reason)


def explain(request: RunRequest, choice: Choice | None = None) -> tuple[Forecast, ...]:
    """Return what would become of each chosen step, in the order of the plan. Nothing is executed or written."""
    chosen = choice or choose(request.pipeline)
    found: dict[str, Forecast] = {}
    outputs: dict[str, Mapping[str, str]] = {}
    for step in chosen.of(request.pipeline):
        status, reason = _waits(step, found, chosen) or _looked_up(step, outputs, request, chosen)
        found[step.name] = Forecast(step.name, step.operation, status, reason)
    return tuple(found.values())


def _waits(step: Step, found: Mapping[str, Forecast], choice: Choice) -> tuple[Would, str] | None:
    """Return what a step comes to that needs one without a result; None when all have theirs."""
    before = [found[name] for name in sorted(needs(step), key=list(found).index)]
    stopped = [one.name for one in before if one.status in ("refused", "failed", "skipped")]
    if stopped:
        return "skipped", f"it needs {', '.join(stopped)}"
    running = [one.name for one in before if one.status in ("run", "depends")]
    if not running:
        return None
    if step.name in choice.forced:
        return "run", choice.forced[step.name]
    return "depends", f"on the result of {', '.join(running)}"


def _looked_up(
    step: Step, outputs: dict[str, Mapping[str, str]], request: RunRequest, choice: Choice
) -> tuple[Would, str | None]:
    context = context_of(request)
    try:
        prepared = look_up(
            step,
            step.effective_policy(default_policy(request)),
            outputs,
            request=request,
            choice=choice,
            context=context,
            store=context.store(),
            note=False,
        )
    except MlopscError as error:
        return "failed", str(error)
    if prepared.record is None:
        if choice.only not in (None, step.name):
            return "failed", not_there(prepared)
        return "run", "; ".join(prepared.reasons)
    outputs[step.name] = prepared.record.outputs
    refused = prepared.record.status == "refused"
    return ("refused", prepared.record.message) if refused else ("cached", None)
