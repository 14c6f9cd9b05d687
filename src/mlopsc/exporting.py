"""Timed views as Parquet files, for engines that join by themselves: Feast, or whatever reads Parquet."""

from dataclasses import dataclass, replace
from pathlib import Path

from mlopsc.plan.result import RunResult
from mlopsc.runtime.atomic import cannot_write, commit_file, make_folder, temporary_path
from mlopsc.runtime.context import Context
from mlopsc.runtime.online.export import export_view
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.online import MATERIALIZE
from mlopsc.vocabulary.operations import Materialize


@dataclass(frozen=True)
class Exported:
    """A file that was written."""

    view: str
    path: Path
    rows: int


def tables_request(request: RunRequest) -> RunRequest:
    """Return the request for the tables alone of one that would fill the online store."""
    steps = tuple(step for step in request.pipeline.steps if step.operation != MATERIALIZE)
    return replace(request, pipeline=request.pipeline.model_copy(update={"steps": steps}))


def write_views(request: RunRequest, result: RunResult, folder: Path) -> tuple[Exported, ...]:
    """Write `VIEW.parquet` for each view of the request, of the tables that a run made; each file appears whole.

    Raises UsageError for a view that is more than its rows, StoreError when the folder cannot be written.
    """
    context = Context(request.project, request.registry_url, request.store_url)
    store, outputs, found = context.store(), result.outputs(), []
    try:
        make_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    for step in request.pipeline.steps:
        if step.operation != MATERIALIZE:
            continue
        operation = step.resolved(request.parameters)
        assert isinstance(operation, Materialize)
        source, path = step.inputs["table"], folder / f"{operation.view.view}.parquet"
        table = store.get_path(outputs[source.step, source.port])
        temporary = temporary_path(folder)
        try:
            rows = export_view(operation.view, table, temporary, threads=context.threads)
            commit_file(temporary, path)
        except OSError as error:
            raise cannot_write(path, error) from error
        finally:
            temporary.unlink(missing_ok=True)
        found.append(Exported(operation.view.view, path, rows))
    return tuple(found)
