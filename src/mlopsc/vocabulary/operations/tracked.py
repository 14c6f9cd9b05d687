"""The operation that tells a tracking server what a training came to."""

from typing import Annotated, Any, Literal

from pydantic import Field

from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.operations.base import Opening, Ports
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle


class Track(Opening):
    """Tell MLflow what a training came to; what cannot be told now waits in the store.

    One run of MLflow for each outcome: the same parameters, data, metrics and decisions are the same run, however often
    the step runs.
    """

    kind = "effect"
    operation: Literal["track"] = "track"
    project: str
    training: str
    mlflow: SecretHandle | str | None = None
    """A URL, or `local`; None means the environment's `MLOPSC_TRACKING_URL`, else `local`."""
    experiment: str
    secrets: dict[str, SecretSource] = {}
    params: dict[str, Any] = {}
    """What MLflow shows as parameters: those of the training, the spec's variables, the run's parameters."""
    tags: dict[str, str] = {}
    """Owner, description, environment, digest of the spec."""
    datasets: dict[str, dict[str, Any]] = {}
    """The datasets behind the model, with type and address of their source."""
    gates: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """The registered models that come of this training."""
    tuned: bool = False
    """Whether there are trials of a search to tell of."""
    explained: bool = False
    """Whether there is an explanation to tell of."""
    onnx: Annotated[bool, Field(exclude_if=lambda onnx: not onnx)] = False
    """Whether there is an ONNX file to hand over, and what was found when it was compared."""
    code: tuple[FunctionReference, ...] = ()
    """User functions that made the model: their modules hold its classes, and go along with it."""

    def input_ports(self) -> Ports:
        ports: Ports = {"model": "model", "metrics": "metrics", "curves": "report"}
        ports["environment"] = "environment"
        if self.tuned:
            ports["trials"] = "report"
        if self.explained:
            ports["explanation"] = "report"
        if self.onnx:
            ports |= {"onnx": "onnx", "onnx_report": "report"}
        ports |= {f"report_{name}": "report" for name in self.datasets}
        ports |= {f"decision_{name}": "decision" for name in self.gates}
        return ports | {f"registered_{name}": "decision" for name in self.models}

    def output_ports(self) -> Ports:
        return {"report": "report"}

    def functions(self) -> tuple[str, ...]:
        return self.code
