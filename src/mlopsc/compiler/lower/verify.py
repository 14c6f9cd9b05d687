"""The last look at a plan: every step is one that the runtime will accept, so that no fault of ours waits for a run."""

from collections.abc import Mapping

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.fans import fan_faults
from mlopsc.plan.plan import Pipeline, Step
from mlopsc.vocabulary.parameters import SAMPLES
from mlopsc.vocabulary.references import Scalar


def verify(pipeline: Pipeline) -> None:
    """Read every step's configuration with a value for each parameter, and compare its wires with its ports.

    Raises MlopscError, which is an internal fault: the passes should have refused the spec.
    """
    values = {
        name: SAMPLES[parameter.type] if parameter.default is None else parameter.default
        for name, parameter in pipeline.parameters.items()
    }
    free = {name for name, parameter in pipeline.parameters.items() if parameter.default is None}
    ports = {step.name: step.outputs for step in pipeline.steps}
    for step in pipeline.steps:
        if fault := _fault(step, values, free, ports):
            raise _internal(f"{step.source}: step '{step.name}' of pipeline '{pipeline.name}': {fault}")
    for fault in fan_faults(pipeline.steps):
        raise _internal(f"pipeline '{pipeline.name}': {fault}")


def _internal(fault: str) -> MlopscError:
    return MlopscError(
        f"internal fault: {fault}", help="this is a bug of mlopsc; please report it with the spec"
    )


def _fault(
    step: Step, values: Mapping[str, Scalar], free: set[str], ports: Mapping[str, Mapping[str, str]]
) -> str | None:
    try:
        wanted = step.resolved(values).input_ports()
    except KeyError as error:
        return f"parameter {error} is not the pipeline's"
    except ValidationError as error:
        faults = error.errors(include_url=False)
        if free.intersection(step.parameters) and all(fault["type"] == "value_error" for fault in faults):
            return None  # well formed; whether the values go together, the run's own will tell
        place = ".".join(str(part) for part in faults[0]["loc"])
        return f"{place}: {faults[0]['msg']}"
    if wanted.keys() != step.inputs.keys():
        return f"inputs {sorted(step.inputs)}, expected {sorted(wanted)}"
    for port, artifact in step.inputs.items():
        made = ports.get(artifact.step, {}).get(artifact.port)
        if made is None:
            return f"nothing makes {artifact.step}.{artifact.port}"
        if made != wanted[port] and (made, wanted[port]) != ("dataset", "table"):
            return f"{port} is a {wanted[port]}, {artifact.step}.{artifact.port} a {made}"
    unknown = [earlier for earlier in step.after if earlier not in ports]
    return f"no step '{unknown[0]}' to come after" if unknown else None
