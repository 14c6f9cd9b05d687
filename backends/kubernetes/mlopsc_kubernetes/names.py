"""Names of objects: DNS labels, made of the project's and the pipeline's names."""

import re

from mlopsc.plan.plan import Pipeline, Plan

LONGEST = 52
"""Characters of a CronJob's name: its Jobs' names are eleven longer, and a label holds 63."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def object_name(plan: Plan, pipeline: Pipeline) -> str:
    """Return the name of a pipeline's Job or CronJob."""
    return f"{plan.project}-{pipeline.name}".lower().replace("_", "-")


def fault_of_name(name: str) -> str | None:
    """Return why Kubernetes would not take a name, or None."""
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, and at most {LONGEST} are allowed"
    return None if _NAME.fullmatch(name) else "it does not begin and end with a letter or digit"


def entry_of(pipeline: Pipeline) -> tuple[str, ...]:
    """Return the path of the spec's entry that a pipeline is made of: what to rename."""
    match pipeline.kind:
        case "train":
            return ("project", "name")
        case "monitor":
            return ("monitors", pipeline.name)
        case "predict":
            return ("registry", model_of(pipeline))
        case "materialize":
            return ("project", "name")


def model_of(pipeline: Pipeline) -> str:
    """Return the model that a predict pipeline predicts with."""
    (name,) = (step.configuration["model"] for step in pipeline.steps if step.operation == "predict")
    return str(name)
