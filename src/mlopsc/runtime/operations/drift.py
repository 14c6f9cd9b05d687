"""Drift: current features against the reference profile, as a report and a decision."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision, number, write_json
from mlopsc.runtime.drift.computed import counted_table
from mlopsc.runtime.drift.profile import load_profile
from mlopsc.runtime.drift.report import ColumnDrift, DriftReport, drift_against_profile
from mlopsc.vocabulary.operations import Drift


def run(
    config: Drift,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write the report on every feature, and the decision on them together."""
    profile = load_profile(inputs["profile"].read_bytes())
    with counted_table(inputs["table"], config.engine) as table:
        report = drift_against_profile(profile, table, config.tests, columns=config.features)
    outputs["report"].write_bytes(report.to_json().encode())
    write_json(outputs["decision"], judge(config.monitor, report))


def judge(monitor: str, report: DriftReport) -> Decision:
    """Return the decision on a report: `fail` when a column drifts, and when none could be compared."""
    drifting = {name: column for name, column in report.columns.items() if column.status == "drift"}
    undecided = report.undecided
    aside = f"; not compared: {', '.join(undecided)}" if undecided else ""
    of = f"of {len(report.columns)} features"
    if drifting:
        found = "; ".join(f"{name} ({_alarms(column)})" for name, column in drifting.items())
        verdict, reason = "fail", f"{len(drifting)} {of} drift: {found}{aside}"
    elif len(undecided) == len(report.columns):
        whys = "; ".join(f"{name} ({report.columns[name].status})" for name in undecided)
        verdict = "fail"
        reason = f"nothing could be compared with {report.current_rows} current rows: {whys}"
    else:
        verdict, reason = "pass", f"0 {of} drift{aside}"
    return decision(
        monitor,
        "drift",
        "pass" if verdict == "pass" else "fail",
        reason,
        observed=len(drifting),
        threshold={"max": 0},
        columns={name: column.status for name, column in report.columns.items()},
        current_rows=report.current_rows,
        reference_rows=report.reference_rows,
    )


def _alarms(column: ColumnDrift) -> str:
    return ", ".join(f"{test} {number(column.effects[test])}" for test in column.alarms)
