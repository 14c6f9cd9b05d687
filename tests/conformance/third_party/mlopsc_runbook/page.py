"""The page of a pipeline: its steps in order, each with where it stands in the spec."""

from mlopsc.codegen.literals import visible
from mlopsc.codegen.writer import header
from mlopsc.plan.plan import Pipeline, Plan, Step


def page(plan: Plan, pipeline: Pipeline, audience: str) -> str:
    """Return the page; the same plan gives the same text, so it holds no time and no path."""
    lines = [
        f"<!-- {header(plan.spec, 'runbook')} -->",
        f"# {visible(pipeline.name)}",
        "",
        visible(f"{pipeline.title} For {audience}."),
        "",
        *(line for number, step in enumerate(pipeline.steps, start=1) for line in _lines(number, step)),
    ]
    return "\n".join(lines) + "\n"


def _lines(number: int, step: Step) -> list[str]:
    needs = sorted({artifact.step for artifact in step.inputs.values()} | set(step.after))
    after = f" after {', '.join(needs)}" if needs else ""
    return [f"{number}. **{step.name}** (`{step.operation}`){after}; declared at {step.source}"]
