"""From a plan to a run: the pipeline, its parameters' values, where registry and store are, who acts."""

import getpass
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlopsc.building import runner, submitter
from mlopsc.diagnostics.errors import SpecError, UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.graph import ancestors
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.plan.result import RunResult, StepResult
from mlopsc.runtime.context import Context
from mlopsc.targets import Remote, RunRequest
from mlopsc.vocabulary.misfits import first_misfit
from mlopsc.vocabulary.online import MATERIALIZE, materialize_step
from mlopsc.vocabulary.parameters import NOW, PARAMETER_VARIABLE, normal_value, read_value
from mlopsc.vocabulary.predicting import predict_pipeline
from mlopsc.vocabulary.references import Scalar
from mlopsc.vocabulary.time import format_duration, format_timestamp

if TYPE_CHECKING:
    from mlopsc.spec.spec import Spec

ACTOR_VARIABLE = "MLOPSC_ACTOR"
TRAIN = "train"
"""Name of the pipeline that trains."""

ParameterValue = Scalar | datetime | timedelta


def make_request(
    plan: Plan,
    path: Path,
    pipeline: str,
    parameters: Mapping[str, ParameterValue],
    *,
    on_start: Callable[[str], None] | None = None,
    on_step: Callable[[StepResult], None] | None = None,
) -> RunRequest:
    """Return the request to run a pipeline of a plan; raises UsageError for names and values that do not fit."""
    chosen = find_pipeline(plan, pipeline)
    values = resolve_parameters(chosen, parameters)
    check_values(chosen, values)
    project = path.resolve().parent
    return RunRequest(
        plan=plan,
        pipeline=chosen,
        project=project,
        parameters=values,
        registry_url=plan.infrastructure.registry,
        store_url=plan.infrastructure.store,
        actor=actor(),
        on_start=on_start,
        on_step=on_step,
    )


def carry_out(
    request: RunRequest,
    target: str = "local",
    *,
    no_cache: bool = False,
    start: str | None = None,
    only: str | None = None,
    remote: Remote | None = None,
) -> RunResult:
    """Run on a target and wait; `no_cache`, `start` and `only` are for `local` alone.

    With `remote`, that server runs it. Raises UsageError for an unknown step, and for a target that runs nothing.
    """
    if remote is not None:
        result = submitter(target).submit(request, replace(remote, wait=True))
        assert result is not None, "a run that is waited for has a result"
        return result
    if target != "local":
        return runner(target).run(request)
    from mlopsc_local.choice import choose
    from mlopsc_local.scheduler import run_pipeline

    return run_pipeline(request, choose(request.pipeline, no_cache=no_cache, start=start, only=only))


def find_pipeline(plan: Plan, name: str) -> Pipeline:
    """Return a pipeline of the plan; raises UsageError when there is none of this name."""
    for pipeline in plan.pipelines:
        if pipeline.name == name:
            return pipeline
    if name == TRAIN:
        raise UsageError(
            f"{plan.spec} declares no training and no dataset: there is nothing to run",
            help="its monitors run with `mlopsc monitor NAME`",
        )
    raise _unknown(plan, "monitor", name, "monitors")


def find_monitor(plan: Plan, name: str) -> Pipeline:
    """Return a monitor's pipeline; raises UsageError when the spec declares none of this name."""
    for pipeline in plan.pipelines:
        if pipeline.kind == "monitor" and pipeline.name == name:
            return pipeline
    raise _unknown(plan, "monitor", name, "monitors")


def find_prediction(plan: Plan, model: str) -> Pipeline:
    """Return the pipeline that predicts with a model; raises UsageError when the spec declares none of this name."""
    for pipeline in plan.pipelines:
        if pipeline.kind == "predict" and pipeline.name == predict_pipeline(model):
            return pipeline
    raise _unknown(plan, "model", model, "registry")


def find_materialize(plan: Plan, views: Sequence[str]) -> Pipeline:
    """Return the pipeline that fills the online store, with the steps for these views; for all of them when empty.

    Raises UsageError when the spec declares no timed view, or none of a name.
    """
    whole = next((pipeline for pipeline in plan.pipelines if pipeline.kind == "materialize"), None)
    if whole is None:
        raise UsageError(
            f"{plan.spec} declares no view that is joined at a point in time",
            help="declare one under `features`, with `dataset`, `entity` and `columns`",
        )
    prefix = materialize_step("")
    steps = {step.name: step for step in whole.steps}
    known = [name.removeprefix(prefix) for name, step in steps.items() if step.operation == MATERIALIZE]
    for view in views:
        if view not in known:
            help = did_you_mean(view, known, noun="there are:")
            raise UsageError(
                f"{plan.spec} declares no view {view!r} that is joined at a point in time", help=help
            )
    wanted = [materialize_step(view) for view in views or known]
    kept = {*wanted, *(name for one in wanted for name in ancestors(steps, one))}
    return whole.model_copy(update={"steps": tuple(step for step in whole.steps if step.name in kept)})


def _unknown(plan: Plan, noun: str, name: str, section: str) -> UsageError:
    kind = "predict" if noun == "model" else "monitor"
    own = [pipeline.name for pipeline in plan.pipelines if pipeline.kind == kind]
    names = [one.removeprefix(predict_pipeline("")) if kind == "predict" else one for one in own]
    help = did_you_mean(name, names, noun="declared:") or f"declare it under `{section}`"
    return UsageError(f"{plan.spec} declares no {noun} {name!r}", help=help)


def resolve_parameters(pipeline: Pipeline, given: Mapping[str, ParameterValue]) -> dict[str, Scalar]:
    """Return every parameter of a pipeline with its value: given, else the environment's, else the default.

    The environment gives `MLOPSC_PARAM_NAME`. A text is read as `--set` gives it; for a timestamp `now` is when this
    is called. Raises UsageError for a parameter that the pipeline does not take, one without a value, and a value of
    another type.
    """
    for name in given:
        if name not in pipeline.parameters:
            takes = did_you_mean(name, pipeline.parameters, noun="it takes")
            raise UsageError(
                f"pipeline '{pipeline.name}' takes no parameter {name!r}", help=takes or "it takes none"
            )
    values: dict[str, Scalar] = {}
    for name, parameter in pipeline.parameters.items():
        told = given.get(name, os.environ.get(f"{PARAMETER_VARIABLE}{name}"))
        value = parameter.default if told is None else told
        if value is None:
            raise UsageError(
                f"parameter {name!r} has no value", help=f"it is a {parameter.type}: --set {name}=VALUE"
            )
        try:
            begins = parameter.type == "timestamp" and told == NOW
            plain = _plain(datetime.now(UTC).replace(microsecond=0) if begins else value)
            read = told is not None and isinstance(plain, str)
            values[name] = read_value(parameter, str(plain)) if read else normal_value(parameter, plain)
        except ValueError as error:
            raise UsageError(f"parameter {name!r}: {error}") from error
    return values


def check_values(pipeline: Pipeline, values: Mapping[str, Scalar]) -> None:
    """Raise UsageError, with the place in the spec, for a value that does not suit the step where it is put in."""
    for step in pipeline.steps:
        if step.parameters:
            try:
                step.resolved(values)
            except ValidationError as error:
                misfit = first_misfit(step.configuration, error, values)
                told = misfit.told(".".join(step.origin))
                raise UsageError(f"{step.place_of(misfit.place)}: {told}", help=misfit.help) from error


def actor() -> str:
    """Return who acts: `MLOPSC_ACTOR`, else the user's name."""
    named = os.environ.get(ACTOR_VARIABLE)
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def project_context(
    path: Path, *, environment: str | None = None, variables: Mapping[str, str] | None = None
) -> Context:
    """Return the context for work by hand: registry and store are those that the spec at `path` names.

    A path without a file stands for its folder with the defaults. Raises SpecError when the spec's `infrastructure`
    cannot be read.
    """
    plain = Context(project=path.resolve().parent, actor=actor())
    spec = project_spec(path, environment=environment, variables=variables)
    if spec is None:
        return plain
    return replace(
        plain,
        registry_url=spec.infrastructure.registry,
        store_url=spec.infrastructure.store,
    )


def project_spec(
    path: Path, *, environment: str | None = None, variables: Mapping[str, str] | None = None
) -> "Spec | None":
    """Return the spec at a path, read but not checked, for work by hand; None where there is no file.

    Raises SpecError when the spec's `infrastructure` cannot be read.
    """
    if not path.is_file():
        return None
    from mlopsc.diagnostics.diagnostic import has_errors
    from mlopsc.spec.environments import resolve
    from mlopsc.spec.spec import read_spec
    from mlopsc.spec.yaml_load import load_document

    resolved = resolve(load_document(path), environment, variables)
    spec, faults = read_spec(resolved.document, environment)
    about = [*resolved.document.diagnostics, *resolved.diagnostics, *faults]
    if has_errors(about) and resolved.document.value.get("infrastructure") is not None:
        raise SpecError(f"{path} has faults", about)
    return spec


def _plain(value: ParameterValue) -> Scalar:
    match value:
        case datetime():
            return format_timestamp(value)
        case timedelta():
            return format_duration(value)
        case _:
            return value
