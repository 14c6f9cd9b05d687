"""Columns against the profiles that `mlops.lock` holds of them, by the tests and the rule of drift reports."""

from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.checks.measures.base import Table
from mlopsc.runtime.checks.outcome import Outcome, failed
from mlopsc.runtime.engine.parquet import read_batches
from mlopsc.runtime.engine.statement import column, select
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks.beyond import DistributionUnchanged
from mlopsc.vocabulary.lock import LockedDataset

if TYPE_CHECKING:
    import duckdb


def unchanged(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: Table,
    lock: LockedDataset | None,
) -> Outcome:
    """Compare the columns with the lock: a drift fails, and what could not be compared is no pass."""
    if not isinstance(check, DistributionUnchanged):
        raise AssertionError(check.expect)
    if wrong := table.misfit(check):
        return failed(wrong)
    profiles = {} if lock is None else lock.profiles
    if unknown := [name for name in check.columns() if name not in profiles]:
        return _not_compared(f"mlops.lock holds no profile of {_quoted(unknown)}; `mlopsc lock` records it")
    from mlopsc.runtime.drift.profile import Profile, profile_from_json
    from mlopsc.runtime.drift.report import drift_against_profile

    assert lock is not None
    try:
        locked = Profile(lock.rows, {name: profile_from_json(profiles[name]) for name in check.columns()})
    except (ValueError, KeyError, TypeError) as error:
        return failed(f"a profile in mlops.lock is damaged ({error!r}); `mlopsc lock` writes it again")
    rows = read_batches(connection, select(*map(column, check.columns()), source=table.source)).read_all()
    try:
        report = drift_against_profile(locked, rows, check.tests)
    except SpecError as error:
        return failed(str(error))
    several = len(report.columns) > 1
    observed = "; ".join(
        f"{name}: {_effects(one.effects)}" if several else _effects(one.effects)
        for name, one in report.columns.items()
        if one.effects
    )
    drifting = {name: one for name, one in report.columns.items() if one.status == "drift"}
    if drifting:
        found = "; ".join(f"'{name}' drifts by {', '.join(one.alarms)}" for name, one in drifting.items())
        return Outcome(False, observed, message=found)
    if undecided := report.undecided:
        whys = (f"'{name}' ({_why(report.columns[name])})" for name in undecided)
        return _not_compared("; ".join(whys), observed or None)
    return Outcome(True, observed or None)


def _why(one: Any) -> str:
    return f"{one.status.replace('_', ' ')}: {one.reason}" if one.reason else str(one.status)


def _not_compared(why: str, observed: str | None = None) -> Outcome:
    return Outcome(False, observed, message=f"not compared: {why}", compared=False)


def _effects(effects: Any) -> str:
    return ", ".join(f"{test} {value:.3g}" for test, value in effects.items())


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
