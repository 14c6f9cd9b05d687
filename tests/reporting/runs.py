"""Runs made by hand: a journal and a store that say what a test wants, without any step carried out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlopsc.history import find_run
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.reporting import gather, judged_in_run, render, render_evaluation
from mlopsc.runtime.context import Context
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.store import canonical_json
from tests.plans import flights_plan

HOSTILE = (
    "</title></style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp; \u202e RTL \u2066 \x00 \x1b[31m \ud800",
    "x" * 500,
)
"""Texts that would become markup or scripts where they are not escaped."""
DIGEST = f"sha256:{'1' * 64}"


def record(
    project: Path,
    pipeline: Pipeline | None,
    documents: Mapping[str, Any],
    *,
    plan: Plan | None = None,
    statuses: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    logs: Mapping[str, str] | None = None,
    ended: str | None = "succeeded",
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """Record a run; `documents` are artifacts' contents by `step.port`. Returns the run's id."""
    store = Context(project).store()
    outputs: dict[str, dict[str, str]] = {}
    for place, document in documents.items():
        step, _, port = place.partition(".")
        outputs.setdefault(step, {})[port] = store.put_bytes(canonical_json(document))
    whole = plan or (None if pipeline is None else flights_plan(None, pipeline))
    steps = [] if pipeline is None else [(step.name, step.operation) for step in pipeline.steps]
    with Journal.of_project(project) as journal:
        run = journal.start_run(
            "train" if pipeline is None else pipeline.name,
            spec="mlops.yaml",
            parameters=parameters or {"as_of": "2013-12-31T00:00:00Z", "trees": 200},
            plan=None if whole is None else whole.model_dump_json(),
            steps=steps,
        )
        folder = project / ".mlopsc" / "runs" / run
        for name, operation in steps:
            word = (statuses or {}).get(name, "run" if name in outputs else "skipped")
            if word == "pending":
                continue
            log = None
            if name in (logs or {}):
                folder.mkdir(parents=True, exist_ok=True)
                log = f"{name}.log"
                (folder / log).write_text((logs or {})[name], encoding="utf-8")
            journal.step_started(run, name, operation, log=log)
            if word != "running":
                journal.step_finished(
                    run,
                    name,
                    operation,
                    word,
                    seconds=1.5,
                    outputs=outputs.get(name),
                    error=(errors or {}).get(name),
                )  # type: ignore[arg-type]
        if ended is not None:
            journal.finish_run(run, ended, exit_code=0 if ended == "succeeded" else 4)  # type: ignore[arg-type]
    return run


def page(project: Path, run: str | None = None) -> str:
    """Return the page of a run, of the latest by default."""
    return render(gather(find_run(project, run), project))


def evaluation(project: Path, training: str = "late_arrival", **more: Any) -> str:
    """Return the page of a training as the latest run left it, with `more` that is known of it."""
    return render_evaluation(replace(judged_in_run(find_run(project), project, training), **more))


def result(**more: Any) -> dict[str, Any]:
    """Return a check's result in a validation report."""
    given = {"check": "column_values_to_not_be_null", "column": "origin", "message": None, "name": None}
    given |= {"observed": 1.0, "passed": True, "on_failure": "block", "unexpected_count": 0}
    return given | {"unexpected_rows": [], "unexpected_sample": []} | more


def validation(*results: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a validation report."""
    passed = all(one["passed"] or one["on_failure"] == "warn" for one in results)
    lock = {"status": "none", "message": "mlops.lock does not hold it"}
    given = {"dataset": "flights", "data_digest": DIGEST, "rows": 1000, "schema": {"origin": "string"}}
    given |= {"verdict": "pass" if passed else "fail"}
    return given | {"results": list(results), "passed": passed, "lock": lock, "warnings": []} | more


ROC = {
    "area": 0.75,
    "false_positive_rate": [0.0, 0.5, 1.0],
    "true_positive_rate": [0.0, 1.0, 1.0],
    "thresholds": [None, 0.6, 0.1],
    "rows": {"positive": 400, "negative": 600},
    "scored_by": "predict_proba",
}
BINARY = {
    "training": "late_arrival",
    "rows": 1000,
    "task": "binary",
    "classes": [False, True],
    "positive": True,
    "roc": ROC,
    "precision_recall": {
        "average_precision": 0.6,
        "base_rate": 0.4,
        "recall": [0.1, 1.0],
        "precision": [1.0, 0.4],
        "thresholds": [0.9, 0.1],
    },
    "lift": {
        "base_rate": 0.4,
        "share_of_rows": [0.0, 0.25, 1.0],
        "gain": [0.0, 0.5, 1.0],
        "tenths": [
            {"share_of_rows": 0.1, "gain": 0.2, "lift": 2.0},
            {"share_of_rows": 0.5, "gain": 0.666667, "lift": 1.33333},
            {"share_of_rows": 1.0, "gain": 1.0, "lift": 1.0},
        ],
    },
    "calibration": {"bins": [{"predicted": 0.3, "observed": 0.2, "rows": 1000, "positive": 200}]},
    "scores": {
        "scored_by": "predict_proba",
        "edges": [0, 0.5, 1],
        "positive": [100, 300],
        "negative": [500, 100],
    },
    "confusion": {
        "decided_by": "predict_proba",
        "labels": [False, True],
        "unseen": [],
        "others": False,
        "counts": [[500, 100], [100, 300]],
    },
}
MULTICLASS = {
    "training": "late_arrival",
    "rows": 60,
    "task": "multiclass",
    "classes": ["a", "b", "c"],
    "roc": {
        "scored_by": "predict_proba",
        "left_out": 2,
        "curves": [
            {"class": "a"} | ROC,
            {"class": "b"} | ROC,
            {"class": "c", "unavailable": "none of the rows have this label"},
        ],
    },
    "confusion": {
        "decided_by": "predict",
        "labels": ["a", "b", "c", "z"],
        "unseen": ["z"],
        "others": True,
        "counts": [[10, 0, 0, 0, 1], [0, 20, 0, 0, 0], [0, 0, 0, 0, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 26]],
    },
}
BIN = {"predicted": 1.0, "rows": 50, "quantiles": {"0.05": -2, "0.25": -1, "0.5": 0, "0.75": 1, "0.95": 2}}
REGRESSION = {
    "training": "late_arrival",
    "rows": 100,
    "task": "regression",
    "predicted": {"rows": 3, "actual": [1.0, 2.0, 3.0], "predicted": [1.1, 2.0, 2.5]},
    "residuals": {
        "mean": 0.13,
        "quantiles": BIN["quantiles"],
        "edges": [-2, 0, 2],
        "counts": [40, 58],
        "below": 1,
        "above": 1,
    },
    "residuals_by_prediction": {"bins": [BIN, BIN | {"predicted": 2.0}]},
}
EXPLANATION = {
    "training": "late_arrival",
    "seed": 7,
    "test_rows": 1000,
    "task": "binary",
    "positive": True,
    "classes": [False, True],
    "response": "predict_proba",
    "metric": "roc_auc",
    "score": 0.75,
    "rows": 1000,
    "repeats": 2,
    "importance": [
        {"feature": "visib", "kind": "numeric", "mean": 0.2, "std": 0.01, "losses": [0.19, 0.21]},
        {"feature": "carrier", "kind": "string", "mean": -0.01, "std": 0.0, "losses": [-0.01, -0.01]},
    ],
    "dependence": [
        {
            "feature": "visib",
            "kind": "numeric",
            "values": [0.0, 5.0, None],
            "mean": [0.2, 0.4, 0.3],
            "low": [0.1, 0.2, 0.2],
            "high": [0.5, 0.6, 0.4],
        },
        {
            "feature": "carrier",
            "kind": "string",
            "values": ["AA", None],
            "rows": [900, 100],
            "mean": [0.3, 0.35],
            "low": [0.1, 0.2],
            "high": [0.5, 0.6],
            "left_out": 2,
        },
        {"feature": "hour", "kind": "numeric", "unavailable": "it has no values in these rows"},
    ],
}
SEVERAL = EXPLANATION | {
    "task": "multiclass",
    "classes": ["a", "b"],
    "dependence": [
        {
            "feature": name,
            "kind": kind,
            "values": values,
            "rows": [1, 2],
            "classes": ["a", "b"],
            "means": [[0.1, 0.2], [0.9, 0.8]],
            "lows": [[0.0, 0.1], [0.8, 0.7]],
            "highs": [[0.2, 0.3], [1.0, 0.9]],
        }
        for name, kind, values in (("visib", "numeric", [1.0, 2.0]), ("carrier", "string", ["AA", None]))
    ],
}
GOOD = {
    "name": "good_enough",
    "type": "metric",
    "training": "late_arrival",
    "metric": "roc_auc",
    "verdict": "pass",
    "reason": "roc_auc 0.75 is at least 0.65",
    "observed": 0.75,
    "threshold": {"min": 0.65},
}
CHAMPION = {
    "name": "beats_champion",
    "type": "champion",
    "training": "late_arrival",
    "metric": "roc_auc",
    "verdict": "fail",
    "reason": "worse",
    "observed": -0.05,
    "candidate": 0.75,
    "champion": 0.8,
    "threshold": {"min_delta": 0.0, "min_rows": 30, "if_none": "pass"},
    "candidate_digest": DIGEST,
    "champion_digest": f"sha256:{'2' * 64}",
    "rows": 900,
    "rows_digest": DIGEST,
}
REGISTRATION = {
    "name": "late_arrival",
    "type": "registration",
    "model": "late_arrival",
    "verdict": "fail",
    "status": "blocked",
    "stage": "staging",
    "reason": "gate 'beats_champion' failed: worse",
    "observed": None,
    "threshold": {},
    "model_digest": DIGEST,
    "gates": {"good_enough": "pass", "beats_champion": "fail"},
}
METRICS = {
    "training": "late_arrival",
    "rows": 1000,
    "metrics": {"roc_auc": 0.75, "average_precision": None},
    "notes": ["average_precision: the value is nan"],
}
TRAINED = {
    "validate_flights.report": validation(result()),
    "validate_weather.report": validation(result(), dataset="weather"),
    "evaluate_late_arrival.metrics": METRICS,
    "evaluate_late_arrival.curves": BINARY,
    "gate_good_enough.decision": GOOD,
    "gate_beats_champion.decision": CHAMPION,
    "register_late_arrival.decision": REGISTRATION,
}


def drift_column(**more: Any) -> dict[str, Any]:
    """Return a column of a drift report."""
    given = {
        "kind": "numeric",
        "status": "ok",
        "statistics": {"psi": 0.01, "ks": 0.02},
        "alarms": [],
        "reason": "",
    }
    given |= {"p_values": {"psi": 0.5, "ks": 0.6}, "adjusted_p_values": {"psi": 0.5, "ks": 1.0}}
    return given | {"effects": {"psi": 0.01, "ks": 0.02}, "distribution": None} | more


SIDE = {"counts": [10, 90], "below": 0, "above": 5}
DRIFT_REPORT = {
    "version": 1,
    "drifted": True,
    "reference_rows": 5000,
    "current_rows": 105,
    "tests": {
        "psi_threshold": 0.2,
        "ks_threshold": 0.1,
        "cramers_v_threshold": 0.1,
        "missing": None,
        "alpha": 0.05,
    },
    "columns": {
        "hour": drift_column(),
        "visib": drift_column(
            status="drift",
            alarms=["psi"],
            effects={"psi": 0.4, "ks": 0.3},
            distribution={"edges": [0, 5, 10], "reference": SIDE, "current": SIDE | {"counts": [60, 40]}},
        ),
        "carrier": drift_column(
            kind="categorical",
            effects={"chi2": 0.02},
            statistics={"chi2": 4.0},
            p_values={"chi2": 0.4},
            adjusted_p_values={"chi2": 1.0},
            distribution={
                "labels": ["AA", "UA"],
                "reference": [10, 90],
                "current": [20, 80],
                "others": [0, 5],
            },
        ),
        "precip": drift_column(status="empty", reason="no values in the current table", effects={}),
    },
}
DRIFT = {
    "name": "weather_drift",
    "type": "monitor",
    "verdict": "fail",
    "reason": "1 of 4 features drift: visib (psi 0.4)",
    "observed": 1,
    "threshold": {"max": 0},
}
MONITORED = {"drift_weather_drift.report": DRIFT_REPORT, "drift_weather_drift.decision": DRIFT}
