"""The spec's way from a path to a result, for notebooks: `load_spec`, `compile_spec`, `run_local`."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.building import build_plan, check_spec
from mlopsc.diagnostics.errors import SpecError
from mlopsc.plan.plan import Plan
from mlopsc.plan.result import StepResult
from mlopsc.running import TRAIN, ParameterValue, carry_out, make_request
from mlopsc.summary import RunSummary, summarize

if TYPE_CHECKING:
    from mlopsc.compiler.compile import Compiled
    from mlopsc.diagnostics.diagnostic import Diagnostic
    from mlopsc.spec.spec import Spec


def load_spec(
    path: str | os.PathLike[str],
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> "Spec":
    """Read and check a spec, and return its typed sections.

    `environment` is one of the spec's environments; `variables` are values of its `vars` as text, as `--var` gives
    them. Raises SpecError, whose text is the report that `mlopsc validate` prints, when the spec has faults.
    """
    compiled = check_spec(Path(path), environment=environment, variables=variables)
    _require_sound(compiled)
    return compiled.analysis.spec


def compile_spec(
    path: str | os.PathLike[str],
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    target: str | None = None,
    training: str | None = None,
) -> Plan:
    """Check a spec and return its plan: one `train` pipeline, and one for each monitor and registered model.

    With `target`, what that target cannot express is a fault too; `training` narrows the train pipeline to one.
    Raises SpecError as `load_spec` does, UsageError for an unknown target or training.
    """
    targets = [target] if target else []
    compiled = check_spec(
        Path(path), environment=environment, variables=variables, targets=targets, training=training
    )
    _require_sound(compiled)
    return compiled.require()


def run_local(
    path: str | os.PathLike[str],
    *,
    pipeline: str = TRAIN,
    parameters: Mapping[str, ParameterValue] | None = None,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    training: str | None = None,
    locked: bool = False,
    no_cache: bool = False,
    start: str | None = None,
    only: str | None = None,
    on_step: Callable[[StepResult], None] | None = None,
) -> RunSummary:
    """Run a pipeline of a spec on this machine, and return what came of it.

    `pipeline` is `train`, a monitor's name or `predict_MODEL`; `parameters` are run-time parameters by name. `no_cache`
    runs every step again, `start` one step and all that depends on it, `only` one step alone. A step that fails, or a
    gate that says no, is a status of the result: `summary.require()` raises for it. Raises SpecError as `load_spec`
    does, UsageError for unknown names.
    """
    try:
        build = build_plan(
            Path(path),
            environment=environment,
            variables=variables,
            target="local",
            training=training,
            locked=locked,
        )
    except SpecError as error:
        raise _told(error, Path(path)) from None
    request = make_request(build.plan, Path(path), pipeline, parameters or {}, on_step=on_step)
    return summarize(carry_out(request, no_cache=no_cache, start=start, only=only), request)


def _require_sound(compiled: "Compiled") -> None:
    if not compiled.sound:
        document = compiled.analysis.spec.document
        raise _reported(compiled.diagnostics, {document.file: document.text})


def _told(error: SpecError, path: Path) -> SpecError:
    if not error.diagnostics:
        return error
    text = path.read_text("utf-8-sig", "replace") if path.is_file() else ""
    return _reported(error.diagnostics, {span.file: text for one in error.diagnostics if (span := one.span)})


def _reported(diagnostics: Sequence["Diagnostic"], sources: Mapping[str, str]) -> SpecError:
    from mlopsc.diagnostics.render_text import render_text

    return SpecError(render_text(diagnostics, sources), diagnostics)
