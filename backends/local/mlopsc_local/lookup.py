"""Looking a step's result up: the same for a run and for a dry run."""

from collections.abc import Mapping

from mlopsc.plan.plan import Step
from mlopsc.runtime.context import Context
from mlopsc.runtime.store import Store
from mlopsc.runtime.tasks import Prepared, Task, literal_operation, prepare
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.policy import Policy
from mlopsc_local.choice import Choice


def context_of(request: RunRequest) -> Context:
    """Return the surroundings of a run's steps."""
    return Context(
        project=request.project.resolve(),
        registry_url=request.registry_url,
        store_url=request.store_url,
        actor=request.actor,
    )


def default_policy(request: RunRequest) -> Policy:
    """Return what `targets.local.policy` says, for what steps leave open."""
    return Policy.model_validate(request.plan.targets.get("local", {}).get("policy", {}))


def look_up(
    step: Step,
    policy: Policy,
    outputs: Mapping[str, Mapping[str, str]],
    *,
    request: RunRequest,
    choice: Choice,
    context: Context,
    store: Store,
    note: bool = True,
) -> Prepared:
    """Return a step's result, or why it must run; `outputs` are digests by step and port, all that it needs.

    Without `note` nothing is written. Raises MlopscError when a parameter is missing or what it observes is not there.
    """
    task = Task(
        pipeline=request.pipeline.name,
        step=step.name,
        operation=literal_operation(step.configuration, request.parameters),
        inputs={port: outputs[artifact.step][artifact.port] for port, artifact in step.inputs.items()},
        env=policy.env or {},
    )
    # With --only, what needs not run is taken as it was seen last.
    look, force = choice.only is None, choice.forced.get(step.name)
    return prepare(task, context, store, force=force, look=look, note=note)


def not_there(prepared: Prepared) -> str:
    """Say why a step that `--only` does not let run has no result."""
    return f"its result is not in the cache ({'; '.join(prepared.reasons)}), and --only runs nothing else"
