"""Names in the generated modules: what is taken, and what becomes of steps, ports and parameters."""

from collections.abc import Collection, Iterable, Mapping

from mlopsc.codegen.names import distinct, file_stems
from mlopsc.plan.fans import FanOut, Gathered, is_gathered
from mlopsc.plan.plan import Plan, Step

SERVE = "serve"
"""Stem of the module that serves all flows."""
IN_FLOW = frozenset({"STORE_URL", "conclude"})
"""What the body of a flow refers to besides its tasks: no parameter may hide it."""
IN_MODULE = IN_FLOW | {
    "Cron", "IMAGE", "NO_CACHE", "Outputs", "PIPELINE", "REGISTRY_URL", "ThreadPoolTaskRunner", "at_most", "enumerate",
    "flow", "one", "place", "run_stored", "serve", "share", "step", "task", "unmapped",
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


def task_functions(units: Iterable[Step | FanOut], avoid: Collection[str]) -> dict[str, str]:
    """Return the function of each step and each fan-out, by its name."""
    return distinct(map(name_of, units), avoid={*IN_MODULE, *avoid}, suffix="_task")


def name_of(unit: Step | FanOut) -> str:
    """Return the name of a step, or of a fan-out."""
    return unit.name if isinstance(unit, Step) else unit.group


def arguments(step: Step, lists: Mapping[str, Gathered]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the arguments of a step's task: those of its ports and of its `lists`, and those of its parameters."""
    parameters = distinct(step.parameters, avoid=_NO_ARGUMENTS)
    single = (port for port in step.inputs if not is_gathered(port, lists))
    ports = distinct((*single, *lists), avoid={*_NO_ARGUMENTS, *parameters.values()})
    return ports, parameters


def varying_argument(fan: FanOut) -> str:
    """Return the argument of a fan-out's task that takes another value in each of its steps."""
    ports, parameters = arguments(fan.first, {})
    avoid = {*_NO_ARGUMENTS, *ports.values(), *parameters.values()}
    return distinct([fan.field], avoid=avoid)[fan.field]


def variables(units: Iterable[Step | FanOut], avoid: Collection[str]) -> dict[str, str]:
    """Return the flow's variable for the outputs of each step and each fan-out: `late_arrival_model` for
    `train_late_arrival`, `late_arrival_trials` for `trial_late_arrival` in many."""
    named: dict[str, str] = {}
    taken = {*IN_MODULE, *avoid}
    for unit in units:
        name, step = name_of(unit), unit if isinstance(unit, Step) else unit.first
        subject = name.partition("_")[2] or name
        what = next(iter(step.outputs)) if len(step.outputs) == 1 else step.operation
        what = what if isinstance(unit, Step) else f"{what}s"
        wish = f"{subject}_{what}"
        if wish in taken:
            wish = f"{name}_{what}"
        named[name] = distinct([wish], avoid=taken)[wish]
        taken.add(named[name])
    return named
