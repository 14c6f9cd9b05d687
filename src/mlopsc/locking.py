"""Which data a project works with, recorded in `mlops.lock`: every dataset is loaded, as a run would load it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlopsc.compiled import Witness
from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.parameters import used_parameters
from mlopsc.compiler.lower.tables import Tables
from mlopsc.diagnostics.diagnostic import has_errors
from mlopsc.diagnostics.errors import MlopscError, SpecError, UsageError
from mlopsc.plan.plan import Infrastructure, Pipeline, Plan
from mlopsc.plan.result import RunResult
from mlopsc.running import make_request
from mlopsc.runtime.actions import ActionCache
from mlopsc.runtime.atomic import write_bytes
from mlopsc.runtime.context import Context, read_secret
from mlopsc.runtime.tasks import library_version
from mlopsc.spec.environments import resolve
from mlopsc.spec.spec import read_spec
from mlopsc.spec.yaml_load import load_document
from mlopsc.sql import Binder
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.lock import (
    LOCK_FILE,
    Lock,
    LockedDataset,
    digest_of_columns,
    format_lock,
    read_lock,
)
from mlopsc.vocabulary.operations import Load

PIPELINE = "lock"
CONTRACTS = "contracts"
"""The pipeline of the same plan that says, and is not run, what is checked."""


@dataclass(frozen=True)
class Change:
    """What became of a dataset's entry; `details` are sentences on what differs."""

    dataset: str
    status: str
    """`added`, `changed`, `unchanged` or `removed`."""
    details: tuple[str, ...] = ()


def lock_request(
    path: Path,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> RunRequest:
    """Return the request to load every dataset of a spec.

    An existing lock is not looked at: one that is damaged or outdated is what this mends. Raises SpecError when the
    spec cannot be read, UsageError when it declares no dataset.
    """
    resolved = resolve(load_document(path), environment, variables)
    spec, shape = read_spec(resolved.document, environment)
    faults = [*resolved.document.diagnostics, *resolved.diagnostics, *shape]
    if has_errors(faults):
        raise SpecError(f"{path} has faults", faults)
    if not spec.datasets:
        raise UsageError(f"{path} declares no dataset: there is nothing to lock")
    with Binder() as binder:
        analysis = Analysis(spec, path.parent.resolve(), Witness(), binder)
        tables = Tables(analysis)
        for name in spec.datasets:
            tables.artifact(name)
    everything = tuple(tables.steps.values())
    loads = tuple(step for step in tables.steps.values() if step.operation == "load")
    pipeline = Pipeline(
        name=PIPELINE,
        kind="train",
        title="Load every dataset",
        steps=loads,
        parameters=used_parameters(analysis, loads),
    )
    plan = Plan(
        project=spec.project.name if spec.project else path.parent.name,
        spec=spec.document.file,
        environment=environment,
        pipelines=(pipeline, pipeline.model_copy(update={"name": CONTRACTS, "steps": everything})),
        infrastructure=Infrastructure(
            **spec.infrastructure.model_dump(include=set(Infrastructure.model_fields))
        ),
    )
    return make_request(plan, path, PIPELINE, parameters or {})


def loaded_lock(request: RunRequest, result: RunResult) -> Lock:
    """Return the lock of what a run of the request loaded. Raises StoreError when an artifact cannot be read."""
    return Lock(datasets=dict(_entry(request, result, step.name) for step in request.pipeline.steps))


def earlier_lock(project: Path) -> Lock | None:
    """Return the project's lock; None when there is none, or it cannot be read."""
    try:
        return read_lock(project)
    except MlopscError:
        return None


def write_lock(project: Path, lock: Lock) -> None:
    """Write the lock where it says something new. Raises StoreError when the file cannot be written."""
    path = project / LOCK_FILE
    text = format_lock(lock).encode()
    if not path.is_file() or path.read_bytes() != text:
        write_bytes(path, text)


def _entry(request: RunRequest, result: RunResult, name: str) -> tuple[str, LockedDataset]:
    import pyarrow.parquet as pq

    from mlopsc.runtime.engine.parquet import read_schema
    from mlopsc.runtime.operations import fingerprint
    from mlopsc.runtime.sources.opening import source_version
    from mlopsc.runtime.sources.remote.reach import Reach

    operation = request.pipeline.step(name).resolved(request.parameters)
    assert isinstance(operation, Load)
    digest = result.outputs()[name, "data"]
    context = Context(request.project, store_url=request.store_url)
    store = context.store()
    file = store.get_path(digest)
    latest = ActionCache(store).latest(PIPELINE, name) or {}
    source = fingerprint(operation, replace(context, seen=latest.get("world")))

    def secrets(secret: str) -> str:
        return read_secret(secret, operation.secrets, request.project)

    version = source_version(
        operation.source, project=request.project, secrets=secrets, reach=Reach.of(operation.allow_hosts)
    )
    if version is not None and source != latest.get("world", source):
        raise MlopscError(f"dataset {operation.dataset!r} changed while it was locked", help="lock it again")
    with pq.ParquetFile(file) as parquet:
        rows = parquet.metadata.num_rows
    columns = read_schema(file)
    return operation.dataset, LockedDataset(
        digest=digest,
        schema_digest=digest_of_columns(columns),
        source=source,
        version=version,
        writer=f"pyarrow {library_version('pyarrow')}",
        rows=rows,
        columns=columns,
        profiles=_profiles(request, operation.dataset, file, columns),
    )


def _profiles(
    request: RunRequest, dataset: str, file: Path, columns: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return profiles of the columns that a check compares with the lock, as far as the dataset has them."""
    checks = request.plan.pipeline(CONTRACTS).step(f"validate_{dataset}").configuration.get("checks", ())
    wanted = [
        name
        for check in checks
        if check["expect"] == "distribution_unchanged"
        for name in check.get("column_list") or [check["column"]]
    ]
    if not wanted:
        return {}
    from mlopsc.runtime.drift.profile import small_profiles

    return small_profiles(
        file, [name for name in dict.fromkeys(wanted) if columns.get(name, "nested") != "nested"]
    )


def compare(before: Lock, after: Lock) -> list[Change]:
    """Return what became of each dataset from one lock to the other; an equal table is unchanged, whatever it is of."""
    changes = []
    for name in [*after.datasets, *(name for name in before.datasets if name not in after.datasets)]:
        old, new = before.datasets.get(name), after.datasets.get(name)
        if new is None:
            changes.append(Change(name, "removed"))
        elif old is None:
            changes.append(Change(name, "added", (f"{new.rows} rows, {len(new.columns)} columns",)))
        elif old.digest == new.digest:
            changes.append(Change(name, "unchanged", (f"{new.rows} rows", *_moved(old, new))))
        else:
            changes.append(Change(name, "changed", tuple(_details(old, new))))
    return changes


def _moved(old: LockedDataset, new: LockedDataset) -> list[str]:
    """Say in which version the source was, and is; one that is new, or was never recorded, is no news."""
    if old.version is None or new.version is None or old.version == new.version:
        return []
    return [f"{old.version} became {new.version}"]


def _details(old: LockedDataset, new: LockedDataset) -> list[str]:
    details = []
    if old.rows != new.rows:
        details.append(f"{old.rows} rows became {new.rows}")
    for name in [*new.columns, *(name for name in old.columns if name not in new.columns)]:
        was, now = old.columns.get(name), new.columns.get(name)
        if was != now:
            said = f"{was} became {now}" if was and now else f"added ({now})" if now else "removed"
            details.append(f"column {name} {said}")
    if not details and [*old.columns] != [*new.columns]:
        details.append("the columns stand in another order")
    if not details and old.writer == new.writer:
        details.append("other values in the same columns")
    if old.writer != new.writer:
        details.append(f"written by {new.writer}, before by {old.writer}")
    return [*details, *_moved(old, new)]
