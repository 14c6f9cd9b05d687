"""The compiler: a file becomes a checked spec and a plan, by passes in a fixed order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlopsc.compiler.analysis import Analysis, Peek
from mlopsc.compiler.capabilities import check_target, read_targets
from mlopsc.compiler.lower import lower
from mlopsc.compiler.passes.checks import check_checks
from mlopsc.compiler.passes.columns import check_columns
from mlopsc.compiler.passes.engines import check_engine
from mlopsc.compiler.passes.estimators import check_estimators
from mlopsc.compiler.passes.evaluations import check_evaluations
from mlopsc.compiler.passes.exports import check_exports
from mlopsc.compiler.passes.fitting import check_fitting
from mlopsc.compiler.passes.functions import check_functions
from mlopsc.compiler.passes.gates import check_gates
from mlopsc.compiler.passes.leakage import check_leakage
from mlopsc.compiler.passes.lint import lint
from mlopsc.compiler.passes.names import check_names
from mlopsc.compiler.passes.parameters import check_parameters
from mlopsc.compiler.passes.predictions import check_predictions
from mlopsc.compiler.passes.preprocessing import check_preprocessing
from mlopsc.compiler.passes.schemas import find_schemas
from mlopsc.compiler.passes.segments import check_segments
from mlopsc.compiler.passes.signatures import check_signatures
from mlopsc.compiler.passes.sources import check_sources
from mlopsc.compiler.passes.timed_views import check_timed_views
from mlopsc.compiler.passes.trainings import check_trainings
from mlopsc.compiler.passes.trust import check_trust
from mlopsc.compiler.passes.tuning import check_tuning
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Severity, has_errors, in_order, within
from mlopsc.diagnostics.errors import MlopscError, SpecError, UsageError
from mlopsc.plan.plan import Plan
from mlopsc.spec.document import Document
from mlopsc.spec.environments import Resolved, resolve
from mlopsc.spec.spec import Spec, read_spec
from mlopsc.spec.yaml_load import load_document, without_collector
from mlopsc.sql import Binder
from mlopsc.targets import find_backend
from mlopsc.vocabulary.lock import LOCK_FILE, Lock, read_lock

PASSES: tuple[Callable[[Analysis], Iterable[Diagnostic]], ...] = (
    check_parameters,
    check_names,
    check_functions,
    check_signatures,
    check_sources,
    find_schemas,
    check_columns,
    check_timed_views,
    check_trainings,
    check_preprocessing,
    check_segments,
    check_predictions,
    check_checks,
    check_engine,
    check_estimators,
    check_trust,
    check_fitting,
    check_exports,
    check_gates,
    check_tuning,
    check_evaluations,
    check_leakage,
    lint,
)
"""All checks of meaning. Each looks at the spec, and at what those before it found out."""


@dataclass(frozen=True)
class Compiled:
    """The outcome of a compile: always diagnostics, and a plan unless one of them is an error."""

    analysis: Analysis
    diagnostics: tuple[Diagnostic, ...]
    plan: Plan | None

    @property
    def sound(self) -> bool:
        """Whether there is no error (there may be warnings)."""
        return self.plan is not None

    def require(self) -> Plan:
        """Return the plan; raises SpecError with the diagnostics when there is none."""
        if self.plan is None:
            errors = sum(item.severity is Severity.ERROR for item in self.diagnostics)
            raise SpecError(f"{self.analysis.spec.document.file}: {errors} error(s)", self.diagnostics)
        return self.plan


def compile_file(
    path: Path,
    *,
    peek: Peek,
    environment: str | None = None,
    overrides: Mapping[str, str] | None = None,
    target: str | None = None,
    training: str | None = None,
    locked: bool = False,
    serving: bool = False,
) -> Compiled:
    """Check a spec and lower it; `overrides` set variables, `training` narrows the train pipeline to one.

    With `serving`, the plan has the pipeline that fills the online store, also where the spec names no store.

    `peek` tells what columns a source has; with `locked`, data that differ from `mlops.lock` are an error.
    Nothing is raised for a faulty spec: the diagnostics tell. Raises UsageError for an unknown training.
    """
    document = load_document(path)
    if document.diagnostics and not document.value:
        analysis = Analysis(Spec(document, environment), path.parent.resolve(), peek, Binder())
        return Compiled(analysis, tuple(in_order(document.diagnostics)), None)
    with without_collector(), Binder() as binder:
        resolved = resolve(document, environment, overrides)
        spec, shape = read_spec(resolved.document, environment)
        lock, damage = _lock(path.parent)
        analysis = Analysis(
            spec,
            path.parent.resolve(),
            peek,
            binder,
            lock,
            locked,
            variables=resolved.variables,
            overrides=overrides or {},
            unused_variables=_unused(document, resolved.used),
        )
        found = [*shape, *damage]
        for check in PASSES:
            found += check(analysis)
        settings, faults = read_targets(analysis)
        diagnostics = [
            *document.diagnostics,
            *resolved.diagnostics,
            *_not_following(resolved, [*found, *faults]),
        ]
        plan: Plan | None = None
        if not has_errors(diagnostics):
            if training is not None and training not in spec.training:
                raise UsageError(
                    f"unknown training {training!r}; declared: {', '.join(spec.training) or 'none'}"
                )
            given = {"targets": settings, "variables": dict(overrides or {})}
            plan = lower(analysis, training, serving=serving).model_copy(update=given)
            if target is not None:
                diagnostics += check_target(analysis, plan, find_backend(target))
    return Compiled(analysis, tuple(in_order(diagnostics)), None if has_errors(diagnostics) else plan)


def _not_following(resolved: Resolved, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the diagnostics that do not just follow from a reference that leads nowhere."""
    told = [resolved.document.value_span(path) for path in resolved.unresolved]
    for fault in found:
        span = fault.span
        if span is None or not any(within(span, place) for place in told):
            yield fault


def _unused(document: Document, used: frozenset[str]) -> tuple[str, ...]:
    """Return the variables that nothing refers to, unless a misspelt reference may have meant one of them."""
    declared = document.value.get("vars")
    if not isinstance(declared, dict) or not used <= declared.keys():
        return ()
    return tuple(name for name in declared if name not in used)


def _lock(project: Path) -> tuple[Lock | None, list[Diagnostic]]:
    try:
        return read_lock(project), []
    except MlopscError as error:
        return None, [report("MLC604", f"{LOCK_FILE}: {error}", help=error.help)]
