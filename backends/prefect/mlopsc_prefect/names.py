"""Names in the generated modules: what is taken, and what becomes of steps, ports and parameters."""

from collections.abc import Collection, Iterable

from mlopsc.codegen.names import distinct, file_stems
from mlopsc.plan.plan import Plan, Step

SERVE = "serve"
"""Stem of the module that serves all flows."""
IN_FLOW = frozenset({"STORE_URL", "conclude"})
"""What the body of a flow refers to besides its tasks: no parameter may hide it."""
IN_MODULE = IN_FLOW | {
    "Cron", "IMAGE", "NO_CACHE", "Outputs", "PIPELINE", "REGISTRY_URL", "ThreadPoolTaskRunner", "flow", "run_stored",
    "serve", "share", "task",
}  # fmt: skip
"""What a generated module defines or imports besides tasks and the flow."""
_NO_ARGUMENTS = IN_MODULE | {"self", "return_state", "wait_for"}


def module_stems(plan: Plan) -> dict[str, str]:
    """Return the module of each pipeline; raises MlopscError when two would be written to one file."""
    stems = file_stems(pipeline.name for pipeline in plan.pipelines)
    return {name: f"{stem}_pipeline" if stem.lower() == SERVE else stem for name, stem in stems.items()}


def flow_function(pipeline: str) -> str:
    """Return the function of a pipeline's flow."""
    return distinct([pipeline], avoid=IN_MODULE, suffix="_flow")[pipeline]


def task_functions(steps: Iterable[Step], avoid: Collection[str]) -> dict[str, str]:
    """Return the function of each step."""
    return distinct((step.name for step in steps), avoid={*IN_MODULE, *avoid}, suffix="_task")


def arguments(step: Step) -> tuple[dict[str, str], dict[str, str]]:
    """Return the arguments of a step's task: those of its ports, and those of its parameters."""
    parameters = distinct(step.parameters, avoid=_NO_ARGUMENTS)
    ports = distinct(step.inputs, avoid={*_NO_ARGUMENTS, *parameters.values()})
    return ports, parameters


def variables(steps: Iterable[Step], avoid: Collection[str]) -> dict[str, str]:
    """Return the flow's variable for each step's outputs: `late_arrival_model` for `train_late_arrival`."""
    named: dict[str, str] = {}
    taken = {*IN_MODULE, *avoid}
    for step in steps:
        subject = step.name.partition("_")[2] or step.name
        what = next(iter(step.outputs)) if len(step.outputs) == 1 else step.operation
        wish = f"{subject}_{what}"
        if wish in taken:
            wish = f"{step.name}_{what}"
        named[step.name] = distinct([wish], avoid=taken)[wish]
        taken.add(named[step.name])
    return named
