"""What a run came to, in the words of the spec: metrics, gate decisions, registered versions, drift, predictions.

It is read from the artifacts that the run made, so that it is the same for every target; only a version's number
comes from the registry.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import Refusal, StepFailed
from mlopsc.plan.fans import FanOut, fan_outs
from mlopsc.plan.plan import Pipeline, Step
from mlopsc.plan.result import RunResult, StepResult
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.store import Store
from mlopsc.searched import searches
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.operations import JUDGES
from mlopsc.vocabulary.predicting import VERSION

EXIT_CODES = {"succeeded": 0, "failed": 4, "refused": 5, "cancelled": 130}
"""The exit status that each status of a run has."""

JsonMap = Mapping[str, Any]


@dataclass(frozen=True)
class RunSummary:
    """A run's result and what its artifacts say. Maps are keyed by the names of the spec."""

    result: RunResult
    project: Path
    metrics: Mapping[str, Mapping[str, float | None]]
    """Training → metric → value; None where a metric has none (NaN)."""
    gates: Mapping[str, JsonMap]
    """Gate → its decision: `verdict`, `reason`, `observed`, `threshold` and further evidence."""
    registered: Mapping[str, JsonMap]
    """Model → `status` (registered, unchanged, blocked), `version`, `stage`, `digest`, `reason`."""
    drift: Mapping[str, JsonMap]
    """Monitor → its decision, and under `report` every column's statistics."""
    warnings: Mapping[str, Sequence[str]]
    """Dataset → what it fails without being refused: checks that only warn, rows put aside, and the lock."""
    predictions: Mapping[str, JsonMap]
    """Model → its report: `version`, `model_digest`, `rows`, `problems` and more; `digest` and `path` (of Parquet) are
    those of the predictions."""
    splits: Mapping[str, JsonMap] = field(default_factory=dict)
    """Training → its split's report: `rows`, `overlap` of the parts, `leakage` of each feature, `warnings`."""
    served: Mapping[str, JsonMap] = field(default_factory=dict)
    """View → what was brought into the online store: `until`, `entities`, and `status` (written, superseded)."""
    checks: Mapping[str, Sequence[JsonMap]] = field(default_factory=dict)
    """Dataset → the checks that failed: `check`, `column`, `on_failure`, `told` (in a line), `source` (its place)."""

    searches: Mapping[str, JsonMap] = field(default_factory=dict)
    """Training → its search: `metric`, `trials` (each with its `seconds` in this run), and which is the `best`."""
    fans: tuple[FanOut, ...] = ()
    """Steps that people read of together."""

    @property
    def run(self) -> str:
        """The run's id, as `mlopsc runs` lists it."""
        return self.result.run

    @property
    def status(self) -> str:
        """`succeeded`, `failed` (a step crashed), `refused` (a declared rule said no) or `cancelled`."""
        return self.result.status

    @property
    def exit_code(self) -> int:
        """The exit status that the command line gives this run."""
        return EXIT_CODES[self.result.status]

    @property
    def steps(self) -> tuple[StepResult, ...]:
        """Every step's result, in the order of the plan."""
        return self.result.steps

    def require(self) -> "RunSummary":
        """Return this summary if the run succeeded; raises Refusal or StepFailed with the reasons otherwise."""
        reasons = [
            f"{step.name}: {step.reason}" for step in self.steps if step.status in ("failed", "refused")
        ]
        message = "\n".join([f"run {self.run} {self.status}", *reasons])
        match self.status:
            case "succeeded":
                return self
            case "refused":
                raise Refusal(message)
            case _:
                raise StepFailed(message)

    def status_of(self, step: StepResult) -> str:
        """Return a step's status as it is shown: a registration that gates stopped is `blocked`."""
        blocked = any(
            one["step"] == step.name and one["status"] == "blocked" for one in self.registered.values()
        )
        return "blocked" if blocked else step.status

    def log(self, step: StepResult) -> Path | None:
        """Return the step's log, if there is one."""
        path = self.project / STATE_FOLDER / "runs" / self.run / f"{step.name}.log"
        return path if path.is_file() else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "run": self.run,
            "pipeline": self.result.pipeline,
            "target": self.result.target,
            "status": self.status,
            "parameters": dict(self.result.parameters),
            "steps": [self._step(step) for step in self.steps],
            "metrics": {name: dict(values) for name, values in self.metrics.items()},
            "gates": {name: dict(found) for name, found in self.gates.items()},
            "registered": {name: dict(found) for name, found in self.registered.items()},
            "drift": {name: dict(found) for name, found in self.drift.items()},
            "warnings": {name: list(lines) for name, lines in self.warnings.items()},
            "predictions": {name: dict(found) for name, found in self.predictions.items()},
            "splits": {name: dict(found) for name, found in self.splits.items()},
            "served": {name: dict(found) for name, found in self.served.items()},
            "checks": {name: [dict(one) for one in found] for name, found in self.checks.items()},
            "searches": {name: dict(found) for name, found in self.searches.items()},
        }

    def _step(self, step: StepResult) -> dict[str, Any]:
        log = self.log(step)
        return {
            "name": step.name,
            "operation": step.operation,
            "status": self.status_of(step),
            "seconds": None if step.seconds is None else round(step.seconds, 3),
            "outputs": dict(step.outputs),
            "reason": step.reason,
            "source": step.source,
            "log": None if log is None else str(log),
        }


def summarize(result: RunResult, request: RunRequest) -> RunSummary:
    """Read what the artifacts of a run say; those that this machine cannot reach are left out."""
    context = Context(request.project, request.registry_url, request.store_url, request.actor)
    return summarize_in(result, context, request.pipeline)


def summarize_in(result: RunResult, context: Context, pipeline: Pipeline | None) -> RunSummary:
    """Do the same in the surroundings of a run, whoever asked for it; the pipeline tells where rules are written."""
    found = dict(_artifacts(result, context.store()))
    metrics = {one["training"]: one["metrics"] for (_, port), one in found.items() if port == "metrics"}
    decisions = {step: one for (step, port), one in found.items() if port == "decision"}
    judged = {step.name for step in result.steps if step.operation.startswith(JUDGES)}
    gates = {one["name"]: one for step, one in decisions.items() if step in judged}
    drift = {
        one["name"]: {**one, "report": found.get((step, "report"))}
        for step, one in decisions.items()
        if one["type"] == "monitor"
    }
    registrations = {step: one for step, one in decisions.items() if one["type"] == "registration"}
    registered = _registered(registrations, context) if registrations else {}
    warnings = {
        one["dataset"]: one["warnings"]
        for (_, port), one in found.items()
        if port == "report" and "dataset" in one and one.get("warnings")
    }
    for dataset, lines in _lines_aside(result, context.store()):
        warnings[dataset] = [lines, *warnings.get(dataset, ())]
    splits = {one["training"]: one for one in found.values() if "overlap" in one}
    served = {one["view"]: one for (_, port), one in found.items() if port == "report" and "entities" in one}
    reports = [(step, found[step.name, "report"]) for step in result.steps if _predicted(step, found)]
    predictions = {one["model"]: _predictions(step, one, result, context) for step, one in reports}
    steps = {} if pipeline is None else {step.name: step for step in pipeline.steps}
    checks = {
        one["dataset"]: failed
        for (step, port), one in found.items()
        if port == "report" and "results" in one and (failed := list(_failed(one, steps.get(step))))
    }
    took = {step.name: step.seconds for step in result.steps if step.status == "run"}
    return RunSummary(
        result,
        context.project,
        metrics,
        gates,
        registered,
        drift,
        warnings,
        predictions,
        splits,
        served,
        checks,
        dict(searches(found, steps, took)) if steps else {},
        tuple(fan_outs(steps.values()).values()),
    )


def _lines_aside(result: RunResult, store: Store) -> Iterator[tuple[str, str]]:
    """Yield the datasets of which loading put lines aside, with how many and the first."""
    for step in result.steps:
        digest = step.outputs.get("rejected") if step.operation == "load" else None
        if digest is None or not store.exists(digest):
            continue
        import pyarrow.parquet as pq

        with pq.ParquetFile(store.get_path(digest)) as rejected:
            count = rejected.metadata.num_rows
            first = next(rejected.iter_batches(1)).to_pylist()[0] if count else None
        if first is not None:
            place = f"{first['file']}, line {first['line']}: {first['reason']}"
            counted = f"{count} lines were put aside" if count > 1 else "a line was put aside"
            yield step.name.removeprefix("load_"), f"{counted}, the first {place}"


def _failed(report: JsonMap, step: Step | None) -> Iterator[JsonMap]:
    """Yield what failed in a validation report, with its place in the spec where the plan tells."""
    for one in report["results"]:
        if not one["passed"]:
            told = {key: one.get(key) for key in ("check", "column", "on_failure", "told")}
            source = None if step is None else str(step.place_of(one.get("declared", ())))
            yield {**told, "source": source}


def _predicted(step: StepResult, found: Mapping[tuple[str, str], Any]) -> bool:
    return step.operation == "predict" and (step.name, "report") in found


def _predictions(step: StepResult, report: JsonMap, result: RunResult, context: Context) -> dict[str, Any]:
    """Return a report with the version, which the artifacts do not know, and the digest of the predictions."""
    model, digest, asked = report["model"], report["model_digest"], str(result.parameters[VERSION])
    with context.registry() as registry:
        holder = registry.champion(model, asked)
        version = holder if holder is not None and holder.digest == digest else registry.find(model, digest)
    number = int(asked) if asked.isdecimal() else None if version is None else version.number
    made = step.outputs["predictions"]
    return {**report, "version": number, "digest": made, "path": str(context.store().get_path(made))}


def _artifacts(result: RunResult, store: Store) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield (step, port) and content of the small JSON artifacts that a summary is made of."""
    wanted = {
        "validate": ("report",),
        "split": ("report",),
        "collect_trials": ("trials",),
        "evaluate": ("metrics",),
        "register": ("decision",),
        "drift": ("decision", "report"),
        "predict": ("report",),
        "materialize": ("report",),
    }
    for step in result.steps:
        for port in ("decision",) if step.operation.startswith(JUDGES) else wanted.get(step.operation, ()):
            if (digest := step.outputs.get(port)) is not None and store.exists(digest):
                yield (step.name, port), read_json(store.get_path(digest))


def _registered(decisions: Mapping[str, Any], context: Context) -> dict[str, JsonMap]:
    registered: dict[str, JsonMap] = {}
    with context.registry() as registry:
        for step, one in decisions.items():
            version = None
            if one["status"] != "blocked":
                champion = registry.champion(one["model"], one["stage"])
                holds = champion is not None and champion.digest == one["model_digest"]
                version = champion if holds else registry.find(one["model"], one["model_digest"])
            registered[one["model"]] = {
                "status": one["status"],
                "version": None if version is None else version.number,
                "stage": None if one["status"] == "blocked" else one["stage"],
                "digest": one["model_digest"],
                "reason": one["reason"],
                "step": step,
            }
    return registered
