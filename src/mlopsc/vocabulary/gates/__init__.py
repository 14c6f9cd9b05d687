"""Gates: rules that a candidate model must pass before it may hold a stage."""

from typing import Annotated, get_args

from pydantic import Field

from mlopsc.vocabulary.gates.base import BaseGate, Severity, Threshold, Verdict, failed
from mlopsc.vocabulary.gates.calibration import CalibrationGate
from mlopsc.vocabulary.gates.champion import ChampionGate
from mlopsc.vocabulary.gates.comparing import BaselineGate, SliceGate
from mlopsc.vocabulary.gates.data import DataGate
from mlopsc.vocabulary.gates.drift import DriftGate
from mlopsc.vocabulary.gates.fairness import CRITERIA, Criterion, Disparity, FairnessGate
from mlopsc.vocabulary.gates.latency import LatencyGate
from mlopsc.vocabulary.gates.metric import MetricGate
from mlopsc.vocabulary.gates.python_function import PythonGate
from mlopsc.vocabulary.gates.reproducible import ReproducibleGate
from mlopsc.vocabulary.gates.robustness import RobustnessGate
from mlopsc.vocabulary.gates.size import SizeGate

__all__ = [
    "CRITERIA",
    "GATE_TYPES",
    "BaseGate",
    "BaselineGate",
    "CalibrationGate",
    "ChampionGate",
    "Criterion",
    "DataGate",
    "Disparity",
    "DriftGate",
    "FairnessGate",
    "Gate",
    "LatencyGate",
    "MetricGate",
    "PythonGate",
    "ReproducibleGate",
    "RobustnessGate",
    "Severity",
    "SizeGate",
    "SliceGate",
    "Threshold",
    "Verdict",
    "failed",
]

Gate = Annotated[
    MetricGate
    | PythonGate
    | ReproducibleGate
    | ChampionGate
    | BaselineGate
    | SliceGate
    | FairnessGate
    | CalibrationGate
    | SizeGate
    | DataGate
    | RobustnessGate
    | LatencyGate
    | DriftGate,
    Field(discriminator="type"),
]

GATE_TYPES = tuple(get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(Gate)[0]))
"""What `type` may say."""
