"""Operations about versions: which are there, and what is registered."""

from typing import Annotated, Any, Literal

from pydantic import Field

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.card import Card
from mlopsc.vocabulary.evaluation import Slice
from mlopsc.vocabulary.gates import Gate
from mlopsc.vocabulary.metrics import Metric
from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.operations.base import BaseOperation, Opening, Ports
from mlopsc.vocabulary.operations.judging import EVIDENCE, judge_of
from mlopsc.vocabulary.operations.learning import Train


class ResolveChampion(BaseOperation):
    """Fetch the model of the version that holds a stage, or `none`, and where asked its profile likewise."""

    kind = "observe"
    operation: Literal["resolve_champion"] = "resolve_champion"
    model: str
    stage: str
    profile: Annotated[bool, Field(exclude_if=lambda profile: not profile)] = False
    """Whether the profile of its training data is fetched as well."""

    def output_ports(self) -> Ports:
        return {"champion": "model", "profile": "profile"} if self.profile else {"champion": "model"}


class ResolveReference(BaseOperation):
    """Fetch the profile of the version that holds a stage; it is an error when none does."""

    kind = "observe"
    operation: Literal["resolve_reference"] = "resolve_reference"
    model: str
    stage: str

    def output_ports(self) -> Ports:
        return {"profile": "profile"}


class ResolveModel(BaseOperation):
    """Fetch the model of the version that is asked for; it is an error when there is none."""

    kind = "observe"
    light = True
    operation: Literal["resolve_model"] = "resolve_model"
    model: str
    version: str
    """A stage, or a version's number."""

    def output_ports(self) -> Ports:
        return {"model": "model"}


class StageRule(Frozen):
    """A stage of a model, in order, with the gates that it requires."""

    stage: str
    gates: tuple[str, ...] = ()


class Register(Opening):
    """Enter a version in the registry and give it the first stage, unless a gate of that stage failed.

    The gates' configurations are frozen with the version: a later promotion is judged by them.
    """

    kind = "effect"
    operation: Literal["register"] = "register"
    model: str
    training: str
    stages: Annotated[tuple[StageRule, ...], Field(min_length=1)]
    gates: dict[str, Gate] = {}
    metrics: tuple[Metric, ...] = ()
    """How each gate's metric is computed, for promotions."""
    slices: Annotated[tuple[Slice, ...], Field(exclude_if=lambda slices: not slices)] = ()
    """The training's slices that gates name."""
    code: tuple[FunctionReference, ...] = ()
    """User functions whose modules hold the model's classes: what a promotion may load."""
    lineage_code: tuple[FunctionReference, ...] = ()
    """User functions that made its training data (sources, transforms): part of the lineage, never loaded."""
    spec: str = "mlops.yaml"
    """The spec's file."""
    environment: str | None = None
    """The spec's environment."""
    variables: dict[str, str] = {}
    """Values of the spec's variables that the compile was given."""
    files: tuple[str, ...] = ()
    """Further files of the project that the spec names: queries."""
    train: Annotated[Train | None, Field(exclude_if=lambda train: train is None)] = None
    """How the model was trained, where a gate trains it again."""
    refit: bool = False
    """`model` is the judged model trained again on all rows, and `judged` is that one."""
    explained: bool = False
    """Whether what the model's answers hang on is kept with the version."""
    onnx: Annotated[bool, Field(exclude_if=lambda onnx: not onnx)] = False
    """Whether the model as ONNX is kept with the version, and what was found when both were compared."""
    owner: str | None = None
    """Who answered for the project when the version was made: part of the lineage."""
    card: Card | None = None
    """What was declared of the model: part of the lineage."""
    datasets: tuple[str, ...] = ()
    """The datasets behind the model; their validation reports carry their digests into the lineage."""
    parameters: dict[str, Any] = {}
    """The run's parameters that the training depends on: part of the lineage."""
    spec_digest: str
    """Digest of everything in the spec that made the model: part of the lineage."""

    def input_ports(self) -> Ports:
        reports: Ports = {f"report_{name}": "report" for name in self.datasets}
        decisions: Ports = {f"decision_{name}": "decision" for name in self.gates}
        inputs: Ports = {"model": "model", "metrics": "metrics", "curves": "report"}
        inputs |= {"profile": "profile", "test": "table", "environment": "environment"}
        if self.refit:
            inputs["judged"] = "model"
        if self.explained:
            inputs["explanation"] = "report"
        if self.onnx:
            inputs |= {"onnx": "onnx", "onnx_report": "report"}
        return inputs | self.evidence_ports() | reports | decisions

    def output_ports(self) -> Ports:
        return {"decision": "decision"}

    def evidence_ports(self) -> Ports:
        """Return what is kept with the version because a promotion judges by it: `scored`, `train`."""
        judges = [
            judge_of(name, gate, self.metrics, self.code, self.slices, train=self.train)
            for name, gate in self.gates.items()
        ]
        wanted = {port for judge in judges for port in judge.input_ports()}
        return {port: "table" for port in EVIDENCE if port in wanted}

    def functions(self) -> tuple[str, ...]:
        return self.code + self.lineage_code


class Verdict(BaseOperation):
    """Fail the run when a declared rule said no: a blocked registration, a free gate, a monitor's drift."""

    refuses = True
    light = True
    operation: Literal["verdict"] = "verdict"
    decisions: tuple[str, ...]
    """Input ports; each is a decision or a drift report."""

    def input_ports(self) -> Ports:
        return dict.fromkeys(self.decisions, "decision")

    def output_ports(self) -> Ports:
        return {"decision": "decision"}
