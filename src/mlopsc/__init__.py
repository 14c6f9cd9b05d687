"""mlopsc: a declarative compiler for machine-learning operations.

One `mlops.yaml` declares a model's life; `load_spec` and `compile_spec` check it, `run_local` carries it out,
`load_model` fetches what it registered,
`online_features` the features for a request. `validate_table`, `point_in_time_join` and `drift_report` work alone, on
DataFrames. Nothing heavy is imported before one of these is called.

Exceptions:

    MlopscError                 internal fault or I/O
    ├── SpecError               the spec, or a call's arguments, are wrong; its text is the report
    ├── UsageError              a call asks for something that cannot be
    ├── StoreError              an artifact is missing, damaged or cannot be written
    ├── RegistryError           the registry does not hold what was asked for, or cannot be reached
    ├── OnlineStoreError        so does the online store not
    ├── LeaseLost               a run was stopped for so long that another process took it over
    ├── StepFailed              a step crashed
    └── Refusal                 a declared rule (check, gate, monitor) said no
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlopsc.api import compile_spec, load_spec, run_local
    from mlopsc.diagnostics.errors import (
        LeaseLost,
        MlopscError,
        OnlineStoreError,
        Refusal,
        RegistryError,
        SpecError,
        StepFailed,
        StoreError,
        UsageError,
    )
    from mlopsc.registered import Model, load_model
    from mlopsc.reporting.validation import validation_page
    from mlopsc.runtime.checks.report import ValidationReport
    from mlopsc.runtime.checks.validate import validate_table
    from mlopsc.runtime.drift.report import DriftReport, drift_report
    from mlopsc.runtime.point_in_time import point_in_time_join
    from mlopsc.serving import OnlineFeatures, online_features
    from mlopsc.summary import RunSummary

    __version__: str

_HOMES = {
    "compile_spec": "mlopsc.api",
    "load_spec": "mlopsc.api",
    "run_local": "mlopsc.api",
    "RunSummary": "mlopsc.summary",
    "Model": "mlopsc.registered",
    "load_model": "mlopsc.registered",
    "ValidationReport": "mlopsc.runtime.checks.report",
    "validate_table": "mlopsc.runtime.checks.validate",
    "validation_page": "mlopsc.reporting.validation",
    "DriftReport": "mlopsc.runtime.drift.report",
    "drift_report": "mlopsc.runtime.drift.report",
    "point_in_time_join": "mlopsc.runtime.point_in_time",
    "OnlineFeatures": "mlopsc.serving",
    "online_features": "mlopsc.serving",
    "LeaseLost": "mlopsc.diagnostics.errors",
    "MlopscError": "mlopsc.diagnostics.errors",
    "OnlineStoreError": "mlopsc.diagnostics.errors",
    "Refusal": "mlopsc.diagnostics.errors",
    "RegistryError": "mlopsc.diagnostics.errors",
    "SpecError": "mlopsc.diagnostics.errors",
    "StepFailed": "mlopsc.diagnostics.errors",
    "StoreError": "mlopsc.diagnostics.errors",
    "UsageError": "mlopsc.diagnostics.errors",
}
"""Where each public name is defined; the module is imported when the name is first used."""

__all__ = [
    "DriftReport",
    "LeaseLost",
    "MlopscError",
    "Model",
    "OnlineFeatures",
    "OnlineStoreError",
    "Refusal",
    "RegistryError",
    "RunSummary",
    "SpecError",
    "StepFailed",
    "StoreError",
    "UsageError",
    "ValidationReport",
    "__version__",
    "compile_spec",
    "drift_report",
    "load_model",
    "load_spec",
    "online_features",
    "point_in_time_join",
    "run_local",
    "validate_table",
    "validation_page",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("mlopsc")
    if name not in _HOMES:
        raise AttributeError(f"module 'mlopsc' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
