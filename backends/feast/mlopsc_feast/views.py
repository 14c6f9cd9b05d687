"""The timed views of a plan as Feast has them: types, the age that is allowed, and who takes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.vocabulary.online import EXPORTED_TIME, MATERIALIZE
from mlopsc.vocabulary.operations import Materialize

TYPES: Mapping[str, tuple[str, str]] = {
    "string": ("String", "STRING"),
    "bool": ("Bool", "BOOL"),
    "binary": ("Bytes", "BYTES"),
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16"), ("Int32", "INT32")),
    **dict.fromkeys(("int64", "uint32"), ("Int64", "INT64")),
    "float32": ("Float32", "FLOAT"),
    "float64": ("Float64", "DOUBLE"),
    "timestamp": ("UnixTimestamp", "UNIX_TIMESTAMP"),
}
"""Column type → Feast's type of a field, and the value type of an entity."""
TIME = EXPORTED_TIME
"""The column of an exported table that says from when on a row joins."""


@dataclass(frozen=True)
class View:
    """A step that serves a view, with its configuration."""

    step: Step
    config: Materialize

    @property
    def name(self) -> str:
        """The view's name."""
        return self.config.view.view

    @property
    def delay(self) -> timedelta:
        """By how much the exported times are later than the rows' own."""
        return self.config.view.available_after or timedelta(0)

    @property
    def ttl(self) -> timedelta | None:
        """How old a row may be, counted from its exported time."""
        return None if self.config.view.ttl is None else self.config.view.ttl - self.delay


def views_of(plan: Plan) -> tuple[View, ...]:
    """Return the views of a plan, in its order."""
    return tuple(view for pipeline in plan.pipelines for view in _views(pipeline))


def services_of(views: tuple[View, ...]) -> dict[str, list[str]]:
    """Return the trainings, each with its views in the order of its features."""
    served: dict[str, list[str]] = {}
    for view in views:
        for training, features in view.config.trainings.items():
            served[training] = list(dict.fromkeys(one.view for one in features if one.view is not None))
    return served


def _views(pipeline: Pipeline) -> Iterator[View]:
    if pipeline.kind != MATERIALIZE:
        return
    # The values of a run do not matter: nothing of the instant is generated.
    sample = {name: parameter.sample for name, parameter in pipeline.parameters.items()}
    for step in pipeline.steps:
        if step.operation == MATERIALIZE:
            config = step.resolved(sample)
            assert isinstance(config, Materialize)
            yield View(step, config)
