"""The plan: pipelines of steps, each a configured operation wired to the steps before it.

A plan is plain data: it survives a round trip through JSON, and two compiles of one spec are equal.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from mlopsc.vocabulary.artifacts import ArtifactType
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.engine import Engine
from mlopsc.vocabulary.operations import Kind, Operation, operation_class, read_operation
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.references import Scalar, referenced, substitute
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.tracking import Tracking


class Source(Frozen):
    """The place in the YAML that a step came from; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Artifact(Frozen):
    """An output of a step."""

    step: str
    port: str


class Fan(Frozen):
    """What a step shares with others: they are one operation with another value in one field of the configuration.

    Targets carry the group out by their own means for that: mapped tasks, a parallel loop, workers. What reads their
    outputs has a port for each, `STEM_0`, `STEM_1`, …
    """

    group: str
    """Begins the names of its steps, `GROUP_…`."""
    index: int
    """The step's place in the group, from 0."""
    field: str
    """The field that differs."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """How many of them may run at a time; None leaves that to the target."""


class Step(Frozen):
    """One operation in a pipeline. `configuration` is JSON in which `${params.x}` still stands."""

    name: str
    operation: str
    configuration: dict[str, Any]
    inputs: dict[str, Artifact] = {}
    outputs: dict[str, ArtifactType]
    after: tuple[str, ...] = ()
    """Steps that must have succeeded first although nothing of theirs is read: a dataset's validation."""
    policy: Policy = Policy()
    source: Source
    origin: tuple[str, ...] = ()
    """Path in the spec of the entry that it came from: `("datasets", "flights")`."""
    places: dict[str, Source] = {}
    """By path below the entry: of a validation, where each of its rules is written, `checks/0`; of a gate, where each
    value that a run gives stands, `max_bytes`."""
    fan: Annotated[Fan | None, Field(exclude_if=lambda fan: fan is None)] = None
    """The fan-out that it belongs to."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the run-time parameters that the configuration refers to, sorted."""
        return tuple(sorted(referenced(self.configuration)))

    @property
    def kind(self) -> Kind:
        """Pure, observe or effect."""
        return operation_class(self.operation).kind

    def place_of(self, declared: Sequence[str | int]) -> Source:
        """Return where a rule is written, or else what it stands in, or else the entry."""
        for length in range(len(declared), 0, -1):
            if (found := self.places.get(rule_path(declared[:length]))) is not None:
                return found
        return self.source

    def effective_policy(self, default: Policy) -> Policy:
        """Return the step's policy over a target's default; a step that may refuse is never retried."""
        policy = self.policy.over(default)
        if operation_class(self.operation).refuses:
            return policy.model_copy(update={"retries": None, "retry_delay": None})
        return policy

    def resolved(self, parameters: Mapping[str, Scalar]) -> Operation:
        """Return the operation with its parameters filled in; raises KeyError, pydantic.ValidationError."""
        return read_operation(substitute(self.configuration, parameters))


def rule_path(parts: Sequence[str | int]) -> str:
    """Return the key of `Step.places` for the path of a rule below its entry."""
    return "/".join(map(str, parts))


class Schedule(Frozen):
    """When a pipeline runs by itself."""

    cron: str
    timezone: str = "UTC"


class Pipeline(Frozen):
    """Steps in an order in which each comes after those that it needs."""

    name: str
    kind: Literal["train", "monitor", "predict", "materialize"]
    title: str
    """What it does, in one line, for generated code and pages."""
    steps: tuple[Step, ...]
    parameters: dict[str, Parameter] = {}
    schedule: Schedule | None = None

    def step(self, name: str) -> Step:
        """Return the step of that name; raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)


class Infrastructure(Frozen):
    """Where shared state lives; None means the project's own folder locally, the environment elsewhere. And what
    computes tables."""

    registry: str | None = None
    store: str | None = None
    online_store: Annotated[SecretHandle | str | None, Field(exclude_if=lambda url: url is None)] = None
    tracking: Annotated[Tracking | None, Field(exclude_if=lambda tracking: tracking is None)] = None
    engine: Annotated[Engine | None, Field(exclude_if=lambda engine: engine is None)] = None
    """What computes tables; None is DuckDB. The steps that it concerns have it in their configuration."""


class Plan(Frozen):
    """Everything that a spec asks for, in one environment."""

    version: Literal[1] = 1
    project: str
    spec: str
    """The spec's file name, as generated code cites it."""
    environment: str | None = None
    variables: dict[str, str] = {}
    """Values of the spec's variables that the compile was given, as text: `--var name=value`."""
    pipelines: Annotated[tuple[Pipeline, ...], Field(min_length=1)]
    infrastructure: Infrastructure = Infrastructure()
    targets: dict[str, dict[str, Any]] = {}
    """Each target's own settings, already validated by its backend."""

    def pipeline(self, name: str) -> Pipeline:
        """Return the pipeline of that name; raises KeyError."""
        for pipeline in self.pipelines:
            if pipeline.name == name:
                return pipeline
        raise KeyError(name)
