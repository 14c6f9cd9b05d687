"""Drift reports: every column of a table against a reference, with a status that says what is known of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ValidationError

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.drift.columns import Column, Table, open_table, suggest
from mlopsc.runtime.drift.comparison import Comparison, compare_column
from mlopsc.runtime.drift.distribution import distribution
from mlopsc.runtime.drift.profile import ColumnProfile, Profile, profile_column
from mlopsc.runtime.drift.statistics import correct
from mlopsc.vocabulary.drift import ColumnKind, DriftTests

Status = Literal["ok", "drift", "insufficient_data", "constant", "empty"]
"""`ok`: compared, without alarm. `drift`: a test alarms. The others could not be compared, which is no pass:
`insufficient_data` (fewer than `min_rows` values), `constant` (one value, the same on both sides), `empty`
(no values on a side)."""


@dataclass(frozen=True)
class ColumnDrift:
    """A column's status and evidence; the maps are keyed by test: `psi`, `ks`, `chi2`, `missing`."""

    kind: ColumnKind | None
    status: Status
    statistics: Mapping[str, float]
    """PSI in nats, the Kolmogorov-Smirnov distance, Pearson's chi-squared, the rise of the missing share."""
    p_values: Mapping[str, float]
    """As SciPy gives them: not corrected."""
    adjusted_p_values: Mapping[str, float]
    """Corrected over all columns and tests of the report (chi-squared with rare categories put together);
    significant when at most `alpha`."""
    effects: Mapping[str, float]
    """What the thresholds are compared with; the statistic itself but for `chi2`, where it is Cramér's V."""
    alarms: tuple[str, ...]
    """The tests that are significant and reach their threshold."""
    reason: str
    """Why the column's values could not be compared; empty when they were."""
    distribution: Mapping[str, Any] | None = None
    """Counts on both sides for a picture, see `distribution.distribution`; None where a side has no values."""


@dataclass(frozen=True)
class DriftReport:
    """What was found, column by column, and the tests and thresholds that it was judged by."""

    columns: Mapping[str, ColumnDrift]
    reference_rows: int
    current_rows: int
    tests: DriftTests

    @property
    def drifted(self) -> bool:
        """Whether any column drifts."""
        return any(column.status == "drift" for column in self.columns.values())

    @property
    def undecided(self) -> tuple[str, ...]:
        """The columns that neither passed nor drift."""
        return tuple(name for name, column in self.columns.items() if column.status not in ("ok", "drift"))

    def to_json(self) -> str:
        """Return canonical JSON: sorted keys, no NaN, one line."""
        document = {
            "version": 1,
            "drifted": self.drifted,
            "reference_rows": self.reference_rows,
            "current_rows": self.current_rows,
            "tests": self.tests.model_dump(mode="json"),
            "columns": {
                name: {
                    "kind": column.kind,
                    "status": column.status,
                    "statistics": dict(column.statistics),
                    "p_values": dict(column.p_values),
                    "adjusted_p_values": dict(column.adjusted_p_values),
                    "effects": dict(column.effects),
                    "alarms": list(column.alarms),
                    "reason": column.reason,
                    "distribution": column.distribution,
                }
                for name, column in self.columns.items()
            },
        }
        return (
            json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            + "\n"
        )

    def to_text(self) -> str:
        """Return a summary and one line for each column that is not `ok`."""
        drifting = sum(column.status == "drift" for column in self.columns.values())
        lines = [
            f"{drifting} of {len(self.columns)} columns drift, {len(self.undecided)} undecided "
            f"({self.reference_rows} reference rows, {self.current_rows} current rows)"
        ]
        for name, column in self.columns.items():
            if column.status == "drift":
                found = ", ".join(
                    f"{test} {column.effects[test]:.3g} (p {column.adjusted_p_values[test]:.2g})"
                    for test in column.alarms
                )
                lines.append(f"  {name}: drift: {found}")
            elif column.status != "ok":
                lines.append(f"  {name}: {column.status}: {column.reason}")
        return "\n".join(lines)


def drift_report(
    reference: Any,
    current: Any,
    *,
    tests: DriftTests | Mapping[str, Any] | None = None,
    columns: Iterable[str] | None = None,
) -> DriftReport:
    """Compare two tables: pandas or polars DataFrames, pyarrow Tables, or paths of CSV or Parquet files.

    `tests` is a DriftTests or its map as in `mlops.yaml`; `columns` names the columns to compare, all by
    default. Raises SpecError when the tables do not have the same columns, or a column is not of one kind in
    both.
    """
    rules, before, after = _rules(tests), open_table(reference), open_table(current)
    names = before.select(columns)
    if columns is None:
        for name in after.names:
            if name not in before.names:
                raise SpecError(
                    f"the current table has a column {name!r} that the reference lacks",
                    help=suggest(name, before.names) or "name the columns to compare in `columns`",
                )
    profiles = ((name, profile_column(before.read(name), compact=False)) for name in names)
    return _report(profiles, before.rows, after, rules)


def drift_against_profile(
    profile: Profile,
    current: Any,
    tests: DriftTests | Mapping[str, Any] | None = None,
    *,
    columns: Iterable[str] | None = None,
) -> DriftReport:
    """Compare a table with the profile of a reference, in the profile's columns or those named.

    Columns of the table that the profile does not have are not looked at.
    Raises SpecError for a column that either side lacks, or that is not of one kind in both.
    """
    names = tuple(profile.columns) if columns is None else tuple(columns)
    for name in names:
        if name not in profile.columns:
            raise SpecError(f"the profile has no column {name!r}", help=suggest(name, profile.columns))
    return _report(
        ((name, profile.columns[name]) for name in names), profile.rows, open_table(current), _rules(tests)
    )


def _rules(tests: DriftTests | Mapping[str, Any] | None) -> DriftTests:
    if tests is None or isinstance(tests, DriftTests):
        return tests or DriftTests()
    try:
        return DriftTests.model_validate(tests)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, ("tests", *first["loc"])))
        raise SpecError(f"{place}: {first['msg']}, found {first['input']!r}") from error


def _report(
    profiles: Iterable[tuple[str, ColumnProfile]], rows: int, current: Table, tests: DriftTests
) -> DriftReport:
    found: dict[str, Comparison] = {}
    drawn: dict[str, Mapping[str, Any] | None] = {}
    for name, profile in profiles:
        column = _read(current, name)
        found[name] = compare_column(name, profile, column, tests)
        drawn[name] = distribution(profile, column)
    adjusted = correct(
        {
            (name, test): r.judged_p_value
            for name, compared in found.items()
            for test, r in compared.results.items()
        },
        tests.correction,
    )
    columns = {
        name: replace(
            _judge(compared, {test: adjusted[name, test] for test in compared.results}, tests),
            distribution=drawn[name],
        )
        for name, compared in found.items()
    }
    return DriftReport(columns, rows, current.rows, tests)


def _read(current: Table, name: str) -> Column:
    if name not in current.names:
        raise SpecError(
            f"the current table lacks the column {name!r} of the reference", help=suggest(name, current.names)
        )
    return current.read(name)


def _judge(column: Comparison, adjusted: Mapping[str, float], tests: DriftTests) -> ColumnDrift:
    thresholds = {
        "psi": tests.psi_threshold,
        "ks": tests.ks_threshold,
        "chi2": tests.cramers_v_threshold,
        "missing": tests.missing,
    }
    alarms = tuple(
        test
        for test, result in column.results.items()
        if (threshold := thresholds[test]) is not None
        and adjusted[test] <= tests.alpha
        and result.effect >= threshold
    )
    return ColumnDrift(
        kind=column.kind,
        status="drift" if alarms else column.undecided or "ok",
        statistics={test: result.statistic for test, result in column.results.items()},
        p_values={test: result.p_value for test, result in column.results.items()},
        adjusted_p_values=dict(adjusted),
        effects={test: result.effect for test, result in column.results.items()},
        alarms=alarms,
        reason=column.reason,
    )
