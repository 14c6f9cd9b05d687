"""Data checks: each dataset with what was wanted of it and what was found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mlopsc.reporting.facts import Facts
from mlopsc.reporting.sections import Check, Dataset, Fact
from mlopsc.reporting.statuses import status
from mlopsc.reporting.words import number, plural, short_digest, shown
from mlopsc.vocabulary.operations import Validate

_SAMPLES = 20
_FAILED = {"block": "failed", "warn": "warning", "quarantine": "put aside"}
_LEFT_OUT = frozenset(
    {"expect", "column", "column_list", "column_A", "column_B", "on_failure", "name", "description"}
)


def datasets(facts: Facts) -> Iterator[Dataset]:
    """Yield the datasets that were checked."""
    for step, report in facts.of("validate", "report"):
        yield _dataset(report, _wanted(facts, step, report))


def _dataset(report: Mapping[str, Any], wanted: Sequence[str]) -> Dataset:
    results = report["results"]
    rows = [
        _check(result, wanted[place] if place < len(wanted) else "") for place, result in enumerate(results)
    ]
    failed = [row for row, result in zip(rows, results, strict=True) if not result["passed"]]
    passed = [row for row, result in zip(rows, results, strict=True) if result["passed"]]
    lock = report["lock"]
    word = "failed" if report["verdict"] == "fail" else "warning" if failed else "passed"
    summary = f"{len(passed)} of {plural(len(results), 'check')} passed on {plural(report['rows'], 'row')}"
    if not results:
        summary = f"nothing is declared of it; {plural(report['rows'], 'row')}"
    facts = (
        Fact("Rows", f"{report['rows']:,}"),
        Fact(
            "Columns", str(len(report["schema"])), ", ".join(f"{k}: {v}" for k, v in report["schema"].items())
        ),
        Fact("Digest", short_digest(report["data_digest"]), report["data_digest"]),
        Fact("Lock", {"same": "as locked", "none": "not locked"}.get(lock["status"], lock["message"])),
    )
    return Dataset(report["dataset"], status(word), summary, facts, (*failed, *passed))


def _check(result: Mapping[str, Any], wanted: str) -> Check:
    word = "passed" if result["passed"] else _FAILED[result["on_failure"]]
    rows, values = result["unexpected_rows"], result["unexpected_sample"]
    samples = tuple(
        (f"{rows[place]:,}" if place < len(rows) else "", shown(value))
        for place, value in enumerate(values[:_SAMPLES])
    )
    unexpected = result["unexpected_count"]
    observed = result["observed"]
    share = unexpected is not None and isinstance(observed, int | float) and not isinstance(observed, bool)
    return Check(
        name=result["name"] or result["check"].replace("_", " "),
        column=result["column"] or "",
        status=status(word),
        wanted=wanted,
        observed="" if observed is None else f"{_percent(observed)} pass" if share else shown(observed),
        unexpected="" if unexpected is None else f"{unexpected:,}",
        failed=not result["passed"],
        samples=samples,
        message=result["message"] or "",
    )


def _percent(share: float) -> str:
    """Return a share that is whole only when it is."""
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{min(max(share * 100, 0.01), 99.99):.4g} %"


def _wanted(facts: Facts, step: str, report: Mapping[str, Any]) -> list[str]:
    """Return what each check wanted, in the order of the results; nothing where the plan does not tell."""
    from mlopsc.runtime.checks.declared import contract_checks

    planned = facts.plan_steps.get(step)
    if planned is None:
        return []
    try:
        operation = planned.resolved(dict(facts.recorded.run.parameters))
    except (KeyError, ValidationError):
        return []
    if not isinstance(operation, Validate):
        return []
    contract = (operation.columns, operation.primary_key, operation.checks)
    checks = contract_checks(*contract, report["schema"])
    if len(checks) != len(report["results"]):
        return []
    return [_arguments(one.check.model_dump(mode="json", exclude_defaults=True)) for one in checks]


def _arguments(check: Mapping[str, Any]) -> str:
    low, high = check.get("min_value"), check.get("max_value")
    parts = []
    if low is not None or high is not None:
        least = "" if low is None else f"{'>' if check.get('strict_min') else '≥'} {_value(low)}"
        most = "" if high is None else f"{'<' if check.get('strict_max') else '≤'} {_value(high)}"
        parts.append(" and ".join(part for part in (least, most) if part))
    bounds = {"min_value", "max_value", "strict_min", "strict_max", "mostly"}
    for name, value in check.items():
        if name not in _LEFT_OUT and name not in bounds:
            parts.append(f"{name.rstrip('_').replace('_', ' ')} {_value(value)}")
    if "mostly" in check:
        parts.append(f"in at least {_percent(check['mostly'])}")
    return "; ".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return number(value) if isinstance(value, float) else shown(value)
