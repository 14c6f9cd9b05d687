"""A drift report in one sentence: which features drift, by which tests, and which could not be compared."""

from mlopsc.runtime.decisions import number
from mlopsc.runtime.drift.report import ColumnDrift, DriftReport


def drifting(report: DriftReport) -> tuple[str, ...]:
    """Return the columns that drift."""
    return tuple(name for name, column in report.columns.items() if column.status == "drift")


def compared(report: DriftReport) -> bool:
    """Whether any column could be compared."""
    return len(report.undecided) < len(report.columns)


def told(report: DriftReport) -> str:
    """Return what was found; `ok` columns are counted, the others named."""
    if not compared(report):
        whys = "; ".join(f"{name} ({report.columns[name].status})" for name in report.undecided)
        return f"nothing could be compared with {report.current_rows} current rows: {whys}"
    found = drifting(report)
    aside = f"; not compared: {', '.join(report.undecided)}" if report.undecided else ""
    alarms = "; ".join(f"{name} ({_alarms(report.columns[name])})" for name in found)
    return f"{len(found)} of {len(report.columns)} features drift{': ' if alarms else ''}{alarms}{aside}"


def _alarms(column: ColumnDrift) -> str:
    return ", ".join(f"{test} {number(column.effects[test])}" for test in column.alarms)
