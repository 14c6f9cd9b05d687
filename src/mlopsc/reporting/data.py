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
        planned = facts.plan_steps.get(step)
        places = [
            "" if planned is None else str(planned.place_of(one.get("declared", ())))
            for one in report["results"]
        ]
        yield dataset(report, _wanted(facts, step, report), places)


def dataset(report: Mapping[str, Any], wanted: Sequence[str] = (), places: Sequence[str] = ()) -> Dataset:
    """Return a validation report's section; `wanted` and `places` are those of its checks, where they are known."""
    results = report["results"]
    rows = [
        _check(result, *(known[place] if place < len(known) else "" for known in (wanted, places)))
        for place, result in enumerate(results)
    ]
    failed = [row for row, result in zip(rows, results, strict=True) if not result["passed"]]
    passed = [row for row, result in zip(rows, results, strict=True) if result["passed"]]
    refused = not report["passed"] or report.get("verdict") == "fail"
    word = "failed" if refused else "warning" if failed else "passed"
    summary = f"{len(passed)} of {plural(len(results), 'check')} passed on {plural(report['rows'], 'row')}"
    if not results:
        summary = f"nothing is declared of it; {plural(report['rows'], 'row')}"
    aside = report.get("quarantine")
    facts = (
        Fact("Rows", f"{report['rows']:,}"),
        *(
            ()
            if aside is None
            else (Fact("Put aside", f"{aside['rejected']:,}"), Fact("Go on", f"{aside['kept']:,}"))
        ),
        *_of_the_artifact(report),
    )
    return Dataset(report["dataset"], status(word), summary, facts, (*failed, *passed))


def _of_the_artifact(report: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what is known of a dataset of a run; of a table that was checked alone, nothing is."""
    if "schema" in report:
        listed = ", ".join(f"{name}: {kind}" for name, kind in report["schema"].items())
        yield Fact("Columns", str(len(report["schema"])), listed)
        yield Fact("Digest", short_digest(report["data_digest"]), report["data_digest"])
        lock = report["lock"]
        yield Fact("Lock", {"same": "as locked", "none": "not locked"}.get(lock["status"], lock["message"]))


def _check(result: Mapping[str, Any], wanted: str, source: str) -> Check:
    word = "passed" if result["passed"] else _FAILED[result["on_failure"]]
    rows, values = result["unexpected_rows"], result["unexpected_sample"]
    keys = result.get("unexpected_keys", ())
    samples = tuple(
        (
            f"{rows[place]:,}" if place < len(rows) else "",
            _key(keys[place]) if place < len(keys) else "",
            shown(value),
        )
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
        unexpected=_counted(unexpected, result.get("unexpected_share")),
        failed=not result["passed"],
        samples=samples,
        message=result["message"] or "",
        source=source if not result["passed"] else "",
    )


def _key(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in values.items())


def _counted(count: int | None, share: float | None) -> str:
    """Return a number of rows, and where there are some their share of all."""
    if count is None:
        return ""
    return f"{count:,}" if not count or share is None else f"{count:,} ({_percent(share)})"


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
