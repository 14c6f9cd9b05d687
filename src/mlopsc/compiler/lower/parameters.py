"""Which of the declared parameters a pipeline takes: those that its steps refer to."""

from collections.abc import Iterable

from mlopsc.compiler.analysis import Analysis
from mlopsc.plan.plan import Step
from mlopsc.vocabulary.parameters import Parameter


def used_parameters(analysis: Analysis, steps: Iterable[Step]) -> dict[str, Parameter]:
    """Return the parameters that any of the steps needs, in the order of their declaration.

    Their defaults are values in the form that configurations hold: `$${` in them is `${`.
    """
    used = {name for step in steps for name in step.parameters}
    return {
        name: parameter.model_copy(update={"default": analysis.defaults.get(name)})
        for name, parameter in analysis.spec.entries("parameters")
        if name in used
    }
