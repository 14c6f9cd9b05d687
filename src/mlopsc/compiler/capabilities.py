"""What a target cannot express is an error at its line: the backend names the key, the document its place."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.plan import Plan
from mlopsc.spec.validation import validate_entry
from mlopsc.targets import Backend, backend_names, find_backend


def read_targets(analysis: Analysis) -> tuple[dict[str, dict[str, Any]], list[Diagnostic]]:
    """Return each target's settings as its backend's model reads them, and what is wrong with them."""
    document, settings, faults = analysis.spec.document, dict[str, dict[str, Any]](), list[Diagnostic]()
    for name, value in analysis.spec.targets.items():
        if name not in backend_names():
            help = did_you_mean(name, backend_names(), noun="installed:")
            faults.append(
                report("MLC504", f"unknown target '{name}'", document.key_span(("targets", name)), help=help)
            )
            continue
        model, found = validate_entry(
            TypeAdapter(find_backend(name).settings),
            {} if value is None else value,
            ("targets", name),
            document,
        )
        faults += found
        if model is not None:
            settings[name] = model.model_dump(mode="json", exclude_defaults=True)
    return settings, faults


def check_target(analysis: Analysis, plan: Plan, backend: Backend) -> Iterator[Diagnostic]:
    """Yield what of the plan a backend cannot express, each at its key in the spec."""
    for fault in backend.check(plan, analysis.project):
        span = analysis.spec.document.value_span(fault.path) if fault.path else None
        yield report(fault.code, fault.message, span, help=fault.help)
