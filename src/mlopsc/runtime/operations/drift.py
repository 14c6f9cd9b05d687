"""Drift: current features against the reference profile, as a report and a decision."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision, write_json
from mlopsc.runtime.drift.computed import counted_table
from mlopsc.runtime.drift.profile import load_profile
from mlopsc.runtime.drift.report import DriftReport, drift_against_profile
from mlopsc.runtime.drift.told import compared, drifting, told
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
    found = drifting(report)
    return decision(
        monitor,
        "monitor",
        "fail" if found or not compared(report) else "pass",
        told(report),
        observed=len(found),
        threshold={"max": 0},
        columns={name: column.status for name, column in report.columns.items()},
        current_rows=report.current_rows,
        reference_rows=report.reference_rows,
    )
