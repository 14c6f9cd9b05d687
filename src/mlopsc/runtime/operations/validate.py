"""Validate: a dataset against its contract and its lock. The report is written first; a refusal follows."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.checks import CheckResult
from mlopsc.runtime.checks.quarantine import Parted, part
from mlopsc.runtime.checks.validate import examined
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.engine.parquet import read_schema
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.lock import LockedDataset, parquet_writer
from mlopsc.vocabulary.operations import OTHER, Validate

_SHOWN = 5
"""Offending values that a refusal names; the report holds more."""


def run(config: Validate, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the report, and where rows may be put aside both parts of the data.

    Raises Refusal afterwards when a check that blocks failed, a locked dataset differs, or no row is left.
    """
    data = inputs["data"]
    parted: Parted | None = None
    with examined(
        data,
        config.columns,
        config.checks,
        config.primary_key,
        config.on_failure,
        {name: inputs[f"{OTHER}{name}"] for check in config.checks for name in check.others()},
        lock=config.lock,
        project=context.project,
        threads=context.threads,
        engine=config.engine,
    ) as found:
        report = found.report
        if "data" in outputs:
            parted = part(found, outputs["data"], outputs["rejected"])
    schema, digest = read_schema(data), digest_of_file(data)
    lock = _compare(config, digest, schema, report.rows)
    aside, warnings, failures = (
        [describe(result) for result in report.failed(effect)] for effect in ("quarantine", "warn", "block")
    )
    if lock["status"] not in ("same", "none"):
        warnings.append(f"it differs from mlops.lock: {lock['message']}")
    if parted is not None and parted.rejected:
        counted = f"{parted.rejected} of {report.rows} rows were put aside"
        warnings.insert(0, f"{counted}: {'; '.join(aside)}")
    refusal = _refusal(config, failures, lock, parted)
    written = report.document()
    for result, entry in zip(report.results, written["results"], strict=True):
        if not result.passed:
            entry["told"] = describe(result)
    document = {
        **written,
        "verdict": "pass" if refusal is None else "fail",
        "dataset": config.dataset,
        "data_digest": digest,
        "schema": schema,
        "lock": lock,
        "warnings": warnings,
    }
    if parted is not None:
        document["quarantine"] = {"kept": parted.kept, "rejected": parted.rejected}
    write_json(outputs["report"], document)
    for kind, lines in (("warning", warnings), ("error", failures)):
        for line in lines:
            print(f"{kind}: {config.dataset}: {line}")
    if refusal is not None:
        raise Refusal(refusal)


def _refusal(
    config: Validate, failures: Sequence[str], lock: Mapping[str, Any], parted: Parted | None
) -> str | None:
    """Return why the dataset is refused, None when it is not."""
    if failures:
        count = f"{len(failures)} check{'s' if len(failures) > 1 else ''}"
        return f"dataset '{config.dataset}' fails {count}: {'; '.join(failures)}"
    if config.locked and lock["status"] != "same":
        return f"dataset '{config.dataset}': {lock['message']}; look at its data, then run `mlopsc lock`"
    if parted is not None and parted.rejected and not parted.kept:
        return f"dataset '{config.dataset}': all {parted.rejected} rows were put aside, nothing is left to go on with"
    return None


def describe(result: CheckResult) -> str:
    """Return a failed check in one line: what was found, the first offenders, where, and what was expected."""
    what = result.name or result.check
    place = f" of '{result.column}'" if result.column else ""
    found: list[str] = []
    if result.message:
        found.append(result.message)
    if result.unexpected_count is not None:
        found.append(f"{result.unexpected_count} unexpected")
    elif result.observed is not None:
        found.append(f"observed {result.observed}")
    values = dict.fromkeys(_shown(value) for value in result.unexpected_sample)
    if values and list(values) != [_shown(None)]:
        found.append("such as " + ", ".join(list(values)[:_SHOWN]))
    if result.unexpected_rows:
        rows, more = result.unexpected_rows[:_SHOWN], ", …" * ((result.unexpected_count or 0) > _SHOWN)
        found.append(f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows))}{more}")
    told = ", ".join(found)
    if result.wanted and not result.message:
        told += f"; expected {result.wanted}" if told else f"expected {result.wanted}"
    return f"{what}{place} ({told})" if told else f"{what}{place}"


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, date | time) else repr(value)


def _compare(config: Validate, digest: str, schema: Mapping[str, str], rows: int) -> dict[str, Any]:
    lock = config.lock
    if lock is None:
        return {"status": "none", "message": "mlops.lock does not hold it"}
    if lock.digest == digest:
        return {"status": "same", "message": "as locked"}
    if dict(lock.columns) != dict(schema):
        return {"status": "differs", "message": _schema_change(lock, schema)}
    if lock.rows != rows:
        return {"status": "differs", "message": f"{rows} rows, locked with {lock.rows}"}
    if lock.writer != parquet_writer():
        message = (
            f"locked with {lock.writer}, written here with {parquet_writer()}: contents cannot be compared"
        )
        return {"status": "unknown", "message": message}
    return {"status": "differs", "message": "same columns and number of rows as locked, other values"}


def _schema_change(lock: LockedDataset, schema: Mapping[str, str]) -> str:
    gone = [f"'{name}' is gone" for name in lock.columns if name not in schema]
    new = [f"'{name}' is new" for name in schema if name not in lock.columns]
    other = [
        f"'{name}' is {schema[name]}, locked as {kind}"
        for name, kind in lock.columns.items()
        if name in schema and schema[name] != kind
    ]
    return "; ".join(gone + new + other) or "the columns stand in another order than locked"
