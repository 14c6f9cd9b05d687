"""A project from a file of data: drafted, measured by a run, written as a spec that passes its own gates."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mlopsc.building import build_plan, check_spec
from mlopsc.diagnostics.errors import MlopscError, SpecError, UsageError
from mlopsc.plan.result import RunResult
from mlopsc.running import TRAIN, make_request
from mlopsc.runtime.atomic import write_bytes
from mlopsc.runtime.context import STATE_FOLDER, STORE_VARIABLE, Context
from mlopsc.runtime.decisions import read_json
from mlopsc.starting.draft import Draft, Measured
from mlopsc.starting.files import IGNORED, add_copy, add_file, schema_text, undone_on_failure
from mlopsc.starting.look import look
from mlopsc.starting.place import Place, find_place
from mlopsc.starting.proposal import Wishes
from mlopsc.starting.spec_text import SCHEMA, measuring_text, spec_text
from mlopsc.summary import summarize
from mlopsc.targets import RunRequest

SPEC = "mlops.yaml"

Runner = Callable[[RunRequest], RunResult]


@dataclass(frozen=True)
class Begun:
    """What came into being."""

    spec: Path
    draft: Draft
    measured: Measured | None
    copied: Path | None
    """The data's copy, if one was made."""
    files: tuple[Path, ...]


def begin(
    origin: str,
    label: str,
    spec: Path,
    *,
    wishes: Wishes,
    encoding: str | None = None,
    copy: bool | None = None,
    run: Runner | None,
    told: Callable[[Draft], None] | None = None,
) -> Begun:
    """Write a spec for the data at `origin`, and what belongs to it: `.gitignore`, editors' schema, a copy of the data.

    `run` carries out a run, once, to measure what gates can demand; its results are in the project's cache afterwards.
    Without it the gates demand only more than chance. `told` hears what was decided before that. Whatever fails, or
    Ctrl-C, leaves everything as it was. Raises UsageError for what cannot be begun from, SpecError or StepFailed when
    the run does not come to an end, StoreError when the disk refuses.
    """
    folder = spec.parent
    place = find_place(origin, folder, copy=copy)
    with undone_on_failure(folder) as made:
        if spec.exists():
            raise UsageError(f"{spec} is there already", help="move it away, or write elsewhere: --out DIR")
        draft = look(place, label, wishes, encoding=encoding)
        if told is not None:
            told(draft)
        measured = None if run is None else _measure(draft, place, folder, run)
        text = spec_text(draft, measured)
        copied = None
        if place.copied is not None:
            copied = folder / place.path
            add_copy(place.copied, copied, made)
        add_file(spec, text, made)
        _check(spec)
        if not (folder / ".gitignore").exists():
            add_file(folder / ".gitignore", IGNORED, made)
        write_bytes(folder / SCHEMA, schema_text().encode())
        return Begun(spec, draft, measured, copied, tuple(made))


def _measure(draft: Draft, place: Place, folder: Path, run: Runner) -> Measured:
    """Run the training alone, from a spec elsewhere, into the project's store."""
    with tempfile.TemporaryDirectory(prefix="mlopsc-") as elsewhere:
        path = Path(elsewhere) / SPEC
        source = draft.data.origin.source.model_copy(update={"path": place.here})
        data = replace(draft.data, origin=replace(draft.data.origin, source=source))
        path.write_text(measuring_text(replace(draft, data=data)), "utf-8")
        try:
            build = build_plan(path, target="local")
        except SpecError as error:
            raise _ours(error) from error
        request = make_request(build.plan, path, TRAIN, {})
        if not os.environ.get(STORE_VARIABLE):
            request = replace(request, store_url=str(folder.absolute() / STATE_FOLDER / "store"))
        result = run(request)
        if result.status == "cancelled":
            raise KeyboardInterrupt
        summarize(result, request).require()
        store = Context(request.project, store_url=request.store_url).store()
        evaluated = next(step for step in result.steps if step.operation == "evaluate")
        found = read_json(store.get_path(evaluated.outputs["metrics"]))
    value = found["metrics"][draft.metric]
    if value is None:
        raise MlopscError(
            f"{draft.metric} has no value on the {found['rows']:,} test rows: {'; '.join(found['notes'])}",
            help="begin with --no-run, and choose another metric or split in the spec",
        )
    return Measured(float(value), int(found["rows"]))


def _check(spec: Path) -> None:
    compiled = check_spec(spec, targets=["local"])
    if not compiled.sound:
        raise _ours(SpecError("", compiled.diagnostics))


def _ours(error: SpecError) -> MlopscError:
    """Return the faults of a spec that nobody but mlopsc wrote as an internal error."""
    lines = [f"{fault.code}: {fault.message}" for fault in error.diagnostics] or [str(error)]
    return MlopscError("\n".join(["internal error: the spec that was begun has faults", *lines]))
