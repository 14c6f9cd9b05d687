"""Data checks: each dataset with what was wanted of it and what was found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlopsc.pages.sections import Check, Dataset, Fact
from mlopsc.pages.statuses import status
from mlopsc.pages.words import plural, short_digest, shown
from mlopsc.reporting.facts import Facts

_SAMPLES = 20
_FAILED = {"block": "failed", "warn": "warning", "quarantine": "put aside"}


def datasets(facts: Facts) -> Iterator[Dataset]:
    """Yield the datasets that were checked."""
    for step, report in facts.of("validate", "report"):
        planned = facts.plan_steps.get(step)
        places = [
            "" if planned is None else str(planned.place_of(one.get("declared", ())))
            for one in report["results"]
        ]
        yield dataset(report, places)


def dataset(report: Mapping[str, Any], places: Sequence[str] = ()) -> Dataset:
    """Return a validation report's section; `places` are where its checks are declared, where that is known."""
    results = report["results"]
    rows = [
        _check(result, places[number] if number < len(places) else "")
        for number, result in enumerate(results)
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


def _check(result: Mapping[str, Any], source: str) -> Check:
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
        wanted=result.get("wanted", ""),
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
