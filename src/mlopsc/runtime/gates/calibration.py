"""The calibration gate: probabilities of the positive class against what happened.

The expected calibration error is that of M. Naeini, G. Cooper and M. Hauskrecht, "Obtaining well calibrated
probabilities using Bayesian binning", AAAI 2015, for the positive class. Slope and intercept are D. Cox's, "Two further
applications of a model for binary regression", Biometrika 45 (1958), the intercept at slope 1.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import Decision, decision, number
from mlopsc.runtime.gates.thresholds import beyond, threshold, within
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.gates import CalibrationGate

Floats = npt.NDArray[np.float64]
_STEPS, _CLOSE, _FAR = 100, 1e-10, 1e3


def judge_calibration(name: str, gate: CalibrationGate, scored: Scored) -> Decision:
    """Return the decision; raises StepFailed when the model gives no probabilities of two classes."""
    matrix = scored.said.get("predict_proba")
    if scored.classes is None or len(scored.classes) != 2 or matrix is None:
        raise StepFailed(
            f"calibration of {gate.training!r} cannot be judged: the model gives no probabilities of two classes"
        )
    probability = np.asarray(matrix[:, 1], dtype=np.float64)
    outcome = np.asarray(scored.truth == scored.classes[1], dtype=np.float64)
    slope = gate.slope or (None, None)
    ece, brier, far = (threshold(name, most) for most in (gate.max_ece, gate.max_brier, gate.max_intercept))
    asked: dict[str, tuple[float | None, float | None, float | None]] = {}
    if ece is not None:
        asked["expected calibration error"] = (
            calibration_error(probability, outcome, gate.bins),
            None,
            ece,
        )
    if brier is not None:
        asked["Brier score"] = (float(np.mean((probability - outcome) ** 2)), None, brier)
    if gate.slope is not None:
        asked["slope"] = (recalibration(probability, outcome, slope=True), slope[0], slope[1])
    if far is not None:
        asked["intercept"] = (recalibration(probability, outcome, slope=False), -far, far)
    shown: dict[str, Any] = {
        "training": gate.training,
        "rows": len(scored),
        "measures": {what: value for what, (value, _, _) in asked.items()},
        "threshold": gate.model_dump(
            mode="json", exclude_none=True, include={"max_ece", "max_brier", "slope", "max_intercept", "bins"}
        ),
    }
    faults, kept = [], []
    for what, (value, low, high) in asked.items():
        if value is None:
            faults.append(f"the {what} has no value (NaN)")
        elif beyond_by := beyond(value, low, high):
            faults.append(f"the {what} {number(value)} is {beyond_by}")
        else:
            kept.append(f"the {what} {number(value)} is {within(low, high)}")
    return decision(name, "calibration", "fail" if faults else "pass", "; ".join(faults or kept), **shown)


def calibration_error(probability: Floats, outcome: Floats, bins: int) -> float:
    """Return the expected calibration error over bins of equal width; a probability of 1 is in the last."""
    which = np.minimum((probability * bins).astype(np.int64), bins - 1)
    said = np.bincount(which, weights=probability, minlength=bins)
    was = np.bincount(which, weights=outcome, minlength=bins)
    return float(np.abs(said - was).sum() / len(outcome))


def recalibration(probability: Floats, outcome: Floats, *, slope: bool) -> float | None:
    """Return the slope of the outcome's log odds on the probability's, or the intercept at slope 1, most likely.

    None where there is none: outcomes of one class, probabilities of 0 or 1 that are all right, or one probability.
    """
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    odds = np.log(clipped / (1 - clipped))
    design = np.column_stack([np.ones_like(odds), odds]) if slope else np.ones((len(odds), 1))
    offset = np.zeros_like(odds) if slope else odds
    found = np.array([0.0, 1.0]) if slope else np.array([0.0])
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(offset + design @ found, -500, 500)))
        weights = fitted * (1 - fitted)
        try:
            step = np.linalg.solve((design * weights[:, None]).T @ design, design.T @ (outcome - fitted))
        except np.linalg.LinAlgError:
            return None
        found = found + step
        if not np.isfinite(found).all() or np.abs(found).max() > _FAR:
            return None
        if np.abs(step).max() < _CLOSE:
            return float(found[-1])
    return None
