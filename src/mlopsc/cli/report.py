"""A run's outcome on screen: steps, metrics, gates, registered versions, drift, and what failed where."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.cli import output
from mlopsc.cli.progress import STYLES, seconds, together
from mlopsc.plan.fans import merged
from mlopsc.plan.result import StepResult
from mlopsc.runtime.decisions import number
from mlopsc.searched import is_chosen, whole_search
from mlopsc.summary import RunSummary

_SHOWN = 10
"""Predictions that are written to the screen."""


def show(summary: RunSummary, *, debug: bool = False) -> None:
    """Write the tables of a run; what failed or was refused is told on standard error, last."""
    _steps(summary)
    for name, found in summary.searches.items():
        search(name, found)
    _metrics(summary.metrics)
    _gates(summary.gates)
    _registered(summary.registered)
    _served(summary.served)
    for name, found in summary.drift.items():
        drift(name, found)
    output.say()
    output.say(_closing(summary))
    troubles(summary, debug=debug)


def troubles(summary: RunSummary, *, debug: bool = False) -> None:
    """Tell what datasets and splits fail without being refused, then each step that failed or was refused.

    A step is told with its place in the YAML, its message and its log.
    """
    for name, lines in summary.warnings.items():
        failed = summary.checks.get(name, ())
        for line in lines:
            output.warning(f"dataset '{name}': {line}")
            for one in failed:
                if one["told"] == line or (one["on_failure"] == "quarantine" and one["told"] in line):
                    _place(one["source"])
    for name, split in summary.splits.items():
        for line in split["warnings"]:
            output.warning(f"training '{name}': {line}")
    for step in summary.steps:
        if step.status in ("failed", "refused"):
            _trouble(summary, step, debug=debug)


def drift(monitor: str, found: Mapping[str, Any]) -> None:
    """Write a monitor's table: a row for each column, its status and the evidence of each test."""
    report = found.get("report")
    if report is None:
        return
    output.title(
        f"Drift of {monitor}: {report['current_rows']} current rows against {report['reference_rows']}"
    )
    tests = [name for name in ("psi", "ks", "chi2", "missing") if _used(report, name)]
    head = ["column", "status", *(part for test in tests for part in (test, "p")), "remark"]
    rows = []
    for name, column in report["columns"].items():
        cells = [part for test in tests for part in _evidence(column, test)]
        remark = f"alarm: {', '.join(column['alarms'])}" if column["alarms"] else column["reason"]
        rows.append([name, column["status"], *cells, remark])
    output.table(head, rows, right=range(2, 2 + 2 * len(tests)), styles=STYLES)
    output.say(f"  {found['reason']}")


def predictions(made: Mapping[str, Any], place: Path | None, *, shown: bool) -> None:
    """Tell what a model said of how many rows and where that stands; `shown`, write the first rows too."""
    for problem in made["problems"]:
        output.warning(problem)
    name, rows = f"{made['model']}/{made['version']}", made["rows"]
    if shown:
        from mlopsc.cli.table_files import first_rows

        head, cells = first_rows(Path(made["path"]), _SHOWN)
        output.title(f"Predictions of {name}")
        output.table(head, cells, right=range(len(head)))
        if rows["predicted"] > len(cells):
            output.say(f"  … {rows['predicted'] - len(cells)} more")
        output.say()
        output.say(f"{rows['predicted']} predictions of {rows['read']} rows: {relative(Path(made['path']))}")
    elif place is not None:
        output.say(f"{rows['predicted']} predictions of {rows['read']} rows by {name}: {relative(place)}")


def _steps(summary: RunSummary) -> None:
    output.title(f"Run {summary.run} of {summary.result.pipeline} on {summary.result.target}")
    rows = [
        [
            step.name,
            summary.status_of(step),
            seconds(step.seconds),
            (step.reason or "").partition("\n")[0],
        ]
        for step in merged(summary.steps, summary.fans, together)
    ]
    output.table(["step", "status", "time", "why"], rows, right=(2,), styles=STYLES)


def search(name: str, found: Mapping[str, Any]) -> None:
    """Write the table of a search: what each trial tried, its score by fold, how long it took, which was chosen."""
    folds = max((len(one["scores"]) for one in found["trials"]), default=0)
    staged = any("resource" in one for one in found["trials"])
    timed = any(one.get("seconds") is not None for one in found["trials"])
    output.title(f"Trials of {name}: {found['metric']} on {folds} folds")
    optional = [*(["resource"] if staged else []), "mean", "spread", *(["time"] if timed else [])]
    head = ["trial", *optional, "status", "parameters"]
    rows = [
        [
            str(one["index"]),
            *([number(one["resource"])] if staged else []),
            "" if one["mean"] is None else number(one["mean"]),
            "" if one["std"] is None else number(one["std"]),
            *([seconds(one.get("seconds"))] if timed else []),
            trial_word(one, found),
            _parameters(one),
        ]
        for one in found["trials"]
    ]
    output.table(head, rows, right=range(len(head) - 2), styles=STYLES)
    if (told := whole_search(found)) is not None:
        output.say(f"  {told}")


def trial_word(one: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return what became of a trial, and of the best that it was chosen."""
    return "chosen" if is_chosen(one, found) else str(one["status"])


def _parameters(one: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {_setting(value)}" for name, value in one["params"].items())
    return told if one["status"] == "ok" else ": ".join(filter(None, (told, one["message"])))


def _setting(value: Any) -> str:
    return number(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> None:
    if metrics:
        output.title("Metrics")
        rows = [
            [training, name, "no value (NaN)" if value is None else f"{value:.6g}"]
            for training, values in metrics.items()
            for name, value in values.items()
        ]
        output.table(["training", "metric", "value"], rows, right=(2,))


def _gates(gates: Mapping[str, Mapping[str, Any]]) -> None:
    if gates:
        output.title("Gates")
        rows = [[name, found["verdict"], found["reason"]] for name, found in gates.items()]
        output.table(["gate", "verdict", "reason"], rows, styles=STYLES)


def _registered(registered: Mapping[str, Mapping[str, Any]]) -> None:
    if registered:
        output.title("Registry")
        rows = [
            [
                model if found["version"] is None else f"{model}/{found['version']}",
                found["stage"] or "",
                found["status"],
                found["reason"],
            ]
            for model, found in registered.items()
        ]
        output.table(["version", "stage", "status", "reason"], rows, styles=STYLES)


def _served(served: Mapping[str, Mapping[str, Any]]) -> None:
    if served:
        output.title("Online store")
        remarks = {"superseded": "superseded: the store holds later values"}
        rows = [
            [view, str(found["entities"]), found["until"], remarks.get(found["status"], found["status"])]
            for view, found in served.items()
        ]
        output.table(["view", "entities", "as of", "status"], rows, right=(1,), styles=STYLES)


def _closing(summary: RunSummary) -> str:
    counted: dict[str, int] = {}
    for step in summary.steps:
        status = summary.status_of(step)
        counted[status] = counted.get(status, 0) + 1
    words = ", ".join(f"{number} {status}" for status, number in counted.items())
    status = output.paint(summary.status, STYLES.get(summary.status, ""), stream=sys.stdout)
    return f"{status}: {words}"


def _trouble(summary: RunSummary, step: StepResult, *, debug: bool) -> None:
    verb = "failed" if step.status == "failed" else "was refused by a declared rule"
    first, *rest = (step.reason or "no reason given").split("\n")
    output.tell("")
    output.error("\n".join([f"step {step.name} {verb}: {first}", *rest]))
    blocking = [
        one
        for name, failed in summary.checks.items()
        for one in failed
        if step.name == f"validate_{name}" and one["on_failure"] == "block"
    ]
    for one in blocking:
        _place(one["source"], f"{one['check']} of {one['column']}" if one["column"] else one["check"])
    if not blocking:
        _place(step.source)
    log = summary.log(step)
    if log is not None:
        output.tell(f"  {output.paint('= log', 'blue')}: {relative(log)}")
        if debug:
            output.tell(log.read_text("utf-8", "replace").rstrip())


def _place(source: str | None, what: str = "") -> None:
    """Tell where in the spec something is written, and what it is where several places are told."""
    if source:
        output.tell(f"  {output.paint('-->', 'blue')} {source}{f'  {output.escaped(what)}' if what else ''}")


def relative(path: Path) -> str:
    """Return a path as it is seen from the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _used(report: Mapping[str, Any], test: str) -> bool:
    return any(test in column["statistics"] for column in report["columns"].values())


def _evidence(column: Mapping[str, Any], test: str) -> tuple[str, str]:
    if test not in column["statistics"]:
        return "", ""
    p = column["adjusted_p_values"].get(test, column["p_values"].get(test))
    return f"{column['statistics'][test]:.4g}", "" if p is None else f"{p:.2g}"
