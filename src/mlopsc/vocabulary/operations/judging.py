"""Operations that judge: each gate is one, and which one, the gate decides by what it has to look at."""

from collections.abc import Sequence
from typing import Annotated, Literal, assert_never

from pydantic import Field

from mlopsc.vocabulary.evaluation import Slice
from mlopsc.vocabulary.gates import (
    BaselineGate,
    CalibrationGate,
    ChampionGate,
    DataGate,
    DriftGate,
    FairnessGate,
    Gate,
    LatencyGate,
    MetricGate,
    PythonGate,
    ReproducibleGate,
    RobustnessGate,
    SizeGate,
    SliceGate,
)
from mlopsc.vocabulary.metrics import CustomMetric, Metric, metric_name
from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.operations.base import BaseOperation, Opening, Ports
from mlopsc.vocabulary.operations.learning import Retraining, Train

JUDGES = "judge_"
"""What the names of operations begin with that judge gates."""

EVIDENCE = ("scored", "train")
"""Ports of tables that are kept with a version where one of its gates looks at them."""

ScoredGate = Annotated[MetricGate | SliceGate | FairnessGate | CalibrationGate, Field(discriminator="type")]
"""Gates that look at what the model says of each row."""


class BaseJudge(BaseOperation):
    """A gate, under its name."""

    name: str

    def output_ports(self) -> Ports:
        return {"decision": "decision"}


class JudgeMetric(BaseJudge):
    """Judge a metric gate."""

    light = True
    operation: Literal["judge_metric"] = "judge_metric"
    gate: MetricGate

    def input_ports(self) -> Ports:
        return {"metrics": "metrics"}


class JudgeBaseline(BaseJudge):
    """Judge a baseline gate."""

    light = True
    operation: Literal["judge_baseline"] = "judge_baseline"
    gate: BaselineGate
    greater_is_better: bool = True
    """Of the gate's metric, as the training declares it."""

    def input_ports(self) -> Ports:
        return {"metrics": "metrics"}


class JudgeSize(BaseJudge):
    """Judge a size gate."""

    light = True
    operation: Literal["judge_size"] = "judge_size"
    gate: SizeGate

    def input_ports(self) -> Ports:
        return {"model": "model"}


class JudgeData(BaseJudge):
    """Judge a data gate: the validation reports of the datasets that it names."""

    light = True
    operation: Literal["judge_data"] = "judge_data"
    gate: DataGate

    def input_ports(self) -> Ports:
        return {f"report_{name}": "report" for name in self.gate.datasets or ()}


class JudgePython(BaseJudge, Opening):
    """Judge a gate by a function of the user's."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "pyarrow", "skops")
    operation: Literal["judge_python"] = "judge_python"
    gate: PythonGate
    code: tuple[FunctionReference, ...] = ()
    """User functions whose modules hold the model's classes."""

    def input_ports(self) -> Ports:
        return {"metrics": "metrics", "model": "model", "test": "table"}

    def functions(self) -> tuple[str, ...]:
        return (self.gate.python, *self.code)


class JudgeReproducible(BaseJudge, Retraining):
    """Judge a reproducible gate: train the candidate again, and compare."""

    operation: Literal["judge_reproducible"] = "judge_reproducible"
    gate: ReproducibleGate

    def input_ports(self) -> Ports:
        return {"model": "model", "train": "table"}


class JudgeDrift(BaseJudge):
    """Judge a drift gate: the train part against the champion's profile."""

    libraries = ("numpy", "scipy", "pandas", "pyarrow")
    operation: Literal["judge_drift"] = "judge_drift"
    gate: DriftGate

    def input_ports(self) -> Ports:
        return {"train": "table", "champion": "model", "reference": "profile"}


class JudgeLatency(BaseJudge, Opening):
    """Judge a latency gate: predictions of the model for test rows are timed."""

    measures = True
    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["judge_latency"] = "judge_latency"
    gate: LatencyGate
    code: tuple[FunctionReference, ...] = ()

    def input_ports(self) -> Ports:
        return {"model": "model", "test": "table"}

    def functions(self) -> tuple[str, ...]:
        return self.code


class JudgeRobustness(BaseJudge, Opening):
    """Judge a robustness gate: the model is asked again about test rows that are harmed."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["judge_robustness"] = "judge_robustness"
    gate: RobustnessGate
    metric: Metric
    """The gate's metric as the training declares it."""
    code: tuple[FunctionReference, ...] = ()

    def input_ports(self) -> Ports:
        return {"model": "model", "test": "table"}

    def functions(self) -> tuple[str, ...]:
        own = (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()
        return own + self.code


class JudgeScored(BaseJudge):
    """Judge a gate by what the model says of each row of the test part."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "pyarrow")
    operation: Literal["judge_scored"] = "judge_scored"
    gate: ScoredGate
    metric: Metric | None = None
    """The gate's metric as the training declares it, where it has one."""
    divisions: tuple[Slice, ...] = ()
    """The slices that the gate names, as the training declares them."""

    def input_ports(self) -> Ports:
        return {"scored": "table", "test": "table"}

    def functions(self) -> tuple[str, ...]:
        return (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()


class JudgeChampion(BaseJudge, Opening):
    """Judge a champion gate: both models on the test rows that neither was trained on."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["judge_champion"] = "judge_champion"
    gate: ChampionGate
    metric: Metric
    """The gate's metric as the training declares it."""
    refit: bool = False
    """The candidate is registered trained again on all rows."""
    code: tuple[FunctionReference, ...] = ()

    def input_ports(self) -> Ports:
        return {"candidate": "model", "champion": "model", "test": "table"}

    def functions(self) -> tuple[str, ...]:
        own = (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()
        return own + self.code


Judge = (
    JudgeMetric
    | JudgeBaseline
    | JudgeSize
    | JudgeData
    | JudgePython
    | JudgeReproducible
    | JudgeDrift
    | JudgeRobustness
    | JudgeLatency
    | JudgeScored
    | JudgeChampion
)


def divisions_of(gate: Gate, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """Return those of a training's slices that a gate names."""
    named = gate.slices or () if isinstance(gate, FairnessGate | SliceGate) else ()
    return tuple(one for name in named for one in slices if one.called == name)


def judge_of(
    name: str,
    gate: Gate,
    metrics: Sequence[Metric],
    code: tuple[str, ...],
    slices: Sequence[Slice] = (),
    *,
    trust: tuple[str, ...] = (),
    refit: bool = False,
    train: Train | None = None,
) -> Judge:
    """Return the operation that judges a gate.

    `metrics` and `slices` are those of the training, `code` its user functions that made the model, `trust` the types
    of other packages that it may hold; `refit` says that what is registered is trained again on all rows, and `train`
    is how the model was trained. Nothing is validated: a spec is lowered with thresholds that only a run knows.
    """
    named: dict[str, Metric] = {metric_name(metric): metric for metric in metrics}
    match gate:
        case ReproducibleGate():
            assert train is not None, "what trains again knows how"
            return JudgeReproducible.model_construct(name=name, gate=gate, train=train)
        case MetricGate(on="value"):
            return JudgeMetric.model_construct(name=name, gate=gate)
        case PythonGate():
            return JudgePython.model_construct(name=name, gate=gate, code=code, trust=trust)
        case MetricGate():
            metric = named.get(gate.metric, gate.metric)
            return JudgeScored.model_construct(name=name, gate=gate, metric=metric)
        case ChampionGate():
            metric = named.get(gate.metric, gate.metric)
            return JudgeChampion.model_construct(
                name=name, gate=gate, metric=metric, refit=refit, code=code, trust=trust
            )
        case BaselineGate():
            metric = named.get(gate.metric, gate.metric)
            greater = not isinstance(metric, CustomMetric) or metric.greater_is_better
            return JudgeBaseline.model_construct(name=name, gate=gate, greater_is_better=greater)
        case SliceGate():
            metric, divisions = named.get(gate.metric, gate.metric), divisions_of(gate, slices)
            return JudgeScored.model_construct(name=name, gate=gate, metric=metric, divisions=divisions)
        case FairnessGate():
            divisions = divisions_of(gate, slices)
            return JudgeScored.model_construct(name=name, gate=gate, divisions=divisions)
        case SizeGate():
            return JudgeSize.model_construct(name=name, gate=gate)
        case DataGate():
            return JudgeData.model_construct(name=name, gate=gate)
        case DriftGate():
            return JudgeDrift.model_construct(name=name, gate=gate)
        case LatencyGate():
            return JudgeLatency.model_construct(name=name, gate=gate, code=code, trust=trust)
        case RobustnessGate():
            metric = named.get(gate.metric, gate.metric)
            return JudgeRobustness.model_construct(
                name=name, gate=gate, metric=metric, code=code, trust=trust
            )
        case CalibrationGate():
            return JudgeScored.model_construct(name=name, gate=gate)
        case _:
            assert_never(gate)
