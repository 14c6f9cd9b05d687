"""From what was found to a result: which rows, with their keys, and what the failure comes to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.runtime.checks.declared import Declared
from mlopsc.runtime.checks.measures.base import ROW
from mlopsc.runtime.checks.outcome import Outcome
from mlopsc.runtime.checks.report import CheckResult
from mlopsc.runtime.checks.wanted import wanted
from mlopsc.runtime.engine.statement import column, fragment, named, text
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.contract import OnFailure

if TYPE_CHECKING:
    import duckdb

SAMPLE = 20
_KEY = "__k"


def result_of(
    connection: "duckdb.DuckDBPyConnection",
    declared: Declared,
    outcome: Outcome,
    default: OnFailure,
    primary_key: Sequence[str],
) -> CheckResult:
    """Return an outcome as a result; the first offending rows are asked for where they are not at hand."""
    check, sample, rows = declared.check, outcome.values, outcome.rows
    keys: list[dict[str, Any]] = []
    if isinstance(outcome.sample, exp.Select):
        named_keys = [named(column(name), f"{_KEY}{place}") for place, name in enumerate(primary_key)]
        sample_rows = outcome.sample.select(column(ROW), *named_keys)
        query = fragment("select * from $q as q order by $r limit $n", q=sample_rows, r=column(ROW), n=SAMPLE)
        sample, rows, *values = zip(*connection.execute(text(query)).fetchall(), strict=True)
        keys = [dict(zip(primary_key, row, strict=True)) for row in zip(*values, strict=True)]
    return CheckResult(
        check=check.expect,
        column=", ".join(check.columns()) or None,
        passed=outcome.passed,
        on_failure=_effect(check, outcome, default),
        observed=outcome.observed,
        unexpected_count=outcome.unexpected,
        unexpected_sample=sample,
        unexpected_rows=rows,
        unexpected_keys=tuple(keys),
        message=outcome.message,
        wanted=wanted(check),
        name=check.called(),
        declared=declared.place,
    )


def _effect(check: BaseCheck, outcome: Outcome, default: OnFailure) -> OnFailure:
    """Return what a failure comes to: one that found no rows which could go aside blocks instead."""
    if not outcome.compared:
        return "warn"
    effect = check.effect(default)
    found = outcome.passed or isinstance(outcome.sample, exp.Select) or outcome.rows
    return "block" if effect == "quarantine" and not found else effect
