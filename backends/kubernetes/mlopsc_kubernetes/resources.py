"""What a pod asks for: enough for the pipeline's largest step, among which its scheduler shares it out.

Steps that fit into it together run at once, and the others wait for each other: the scheduler sees the container's
limits, not the node.
"""

from math import ceil
from typing import Any

from mlopsc.plan.plan import Pipeline
from mlopsc.vocabulary.policy import Policy, memory_bytes


def resources(pipeline: Pipeline, default: Policy) -> dict[str, Any]:
    """Return requests and limits, which are equal; empty when nothing is asked for."""
    policies = [step.effective_policy(default) for step in pipeline.steps]
    cores = [policy.cpu for policy in policies if policy.cpu is not None]
    memory = [policy.memory for policy in policies if policy.memory is not None]
    asked: dict[str, Any] = {}
    if cores:
        asked["cpu"] = _cores(max(cores))
    if memory:
        asked["memory"] = max(memory, key=memory_bytes)
    if default.accelerator is not None:
        asked[default.accelerator.type] = str(default.accelerator.count)
    return {"requests": asked, "limits": dict(asked)} if asked else {}


def _cores(cores: float) -> str:
    return f"{cores:.0f}" if cores.is_integer() else f"{ceil(cores * 1000)}m"
