"""Judging: every gate, from the files that it looks at to a decision. The pipeline, promotions and replays do it here.

Modules are imported for the kind at hand: a gate that reads small JSON needs neither numpy nor the model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from mlopsc.runtime.decisions import Decision, read_json
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.gates import CalibrationGate, FairnessGate, Gate, MetricGate, SliceGate
from mlopsc.vocabulary.operations import (
    Judge,
    JudgeBaseline,
    JudgeChampion,
    JudgeData,
    JudgeDrift,
    JudgeLatency,
    JudgeMetric,
    JudgePython,
    JudgeReproducible,
    JudgeRobustness,
    JudgeScored,
    JudgeSize,
)


def judge(config: Judge, inputs: Mapping[str, Path], project: Path) -> Decision:
    """Return the decision of a gate on files by port, with their digests under `inputs`.

    The input `champion` may be missing: nothing holds the stage. Raises MlopscError when a threshold is a parameter
    without a value, or an input does not hold what the gate is about; StepFailed when the candidate cannot be scored.
    """
    digests = {port: digest_of_file(path) for port, path in sorted(inputs.items())}
    return settled(_judged(config, inputs, project), config.gate) | {"inputs": digests}


def settled(found: Decision, gate: Gate) -> Decision:
    """Return a decision as the gate's severity has it: the no of one that only warns is `warn`."""
    if found["verdict"] == "fail" and gate.severity == "warn":
        return found | {"verdict": "warn"}
    return found


def _judged(config: Judge, inputs: Mapping[str, Path], project: Path) -> Decision:
    match config:
        case JudgeMetric():
            from mlopsc.runtime.gates.metric import judge_value

            return judge_value(config.name, config.gate, read_json(inputs["metrics"])["metrics"])
        case JudgeBaseline():
            from mlopsc.runtime.gates.baseline import judge_baseline

            found = read_json(inputs["metrics"])
            return judge_baseline(config.name, config.gate, found, greater_is_better=config.greater_is_better)
        case JudgeSize():
            from mlopsc.runtime.gates.size import judge_size

            return judge_size(config.name, config.gate, inputs["model"])
        case JudgeData():
            from mlopsc.runtime.gates.data import judge_data

            reports = {port.removeprefix("report_"): read_json(inputs[port]) for port in config.input_ports()}
            return judge_data(config.name, config.gate, reports)
        case JudgeDrift():
            from mlopsc.runtime.gates.drift import judge_drift

            champion, reference = inputs.get("champion"), inputs.get("reference")
            return judge_drift(config.name, config.gate, inputs["train"], champion, reference)
        case JudgeLatency():
            from mlopsc.runtime.gates.latency import judge_latency

            return judge_latency(config, inputs["model"], inputs["test"], project)
        case JudgeRobustness():
            from mlopsc.runtime.gates.robustness import judge_robustness

            return judge_robustness(config, inputs["model"], inputs["test"], project)
        case JudgeScored():
            return _scored(config, inputs, project)
        case JudgeChampion():
            from mlopsc.runtime.gates.champion import judge_champion

            return judge_champion(
                config, inputs["candidate"], inputs.get("champion"), inputs["test"], project
            )
        case JudgeReproducible():
            from mlopsc.runtime.gates.reproducible import judge_reproducible

            return judge_reproducible(config, inputs["model"], inputs["train"], project)
        case JudgePython():
            from mlopsc.runtime.gates.python_function import judge_function

            return judge_function(config, inputs["metrics"], inputs["model"], inputs["test"], project)
        case _:
            assert_never(config)


def _scored(config: JudgeScored, inputs: Mapping[str, Path], project: Path) -> Decision:
    from mlopsc.runtime.learning.scored import Scored

    scored, test = Scored.read(inputs["scored"]), inputs["test"]
    match config.gate:
        case MetricGate():
            from mlopsc.runtime.gates.interval import judge_interval

            assert config.metric is not None
            return judge_interval(config.name, config.gate, config.metric, scored, project)
        case CalibrationGate():
            from mlopsc.runtime.gates.calibration import judge_calibration

            return judge_calibration(config.name, config.gate, scored)
        case SliceGate():
            from mlopsc.runtime.gates.groups import read_groups
            from mlopsc.runtime.gates.slices import judge_slices

            assert config.metric is not None
            divisions = read_groups(test, config.gate.by or (), config.divisions, scored.rows)
            return judge_slices(config.name, config.gate, config.metric, scored, divisions, project)
        case FairnessGate():
            from mlopsc.runtime.gates.fairness import judge_fairness
            from mlopsc.runtime.gates.groups import read_groups

            (groups,) = read_groups(test, config.gate.by or (), config.divisions, scored.rows)
            return judge_fairness(config.name, config.gate, scored, groups)
        case _:
            assert_never(config.gate)
