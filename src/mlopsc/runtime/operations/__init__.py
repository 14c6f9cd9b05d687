"""How each operation is carried out: one module an operation, found by the operation's name.

A module has `run(config, inputs, outputs, context)`: files in, files out. One of an observe operation also has
`fingerprint(config, context) -> str | None`: what it would see, cheaply; None when only a full run can tell. One of
an effect operation has `confirmed(config, input_digests, context) -> bool`: whether the world still holds the effect.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mlopsc.runtime.context import Context
from mlopsc.vocabulary.operations import Operation

Paths = Mapping[str, Path]

_PRELOAD = {
    "scikit-learn": (
        "sklearn.pipeline",
        "sklearn.compose",
        "sklearn.metrics",
        "sklearn.preprocessing",
        "mlopsc.runtime.learning.first_frame",
    ),
    "skops": ("mlopsc.runtime.models.persistence",),
    "pandas": ("pandas", "pyarrow.pandas_compat"),
    "pyarrow": ("pyarrow.parquet", "pyarrow.dataset"),
    "duckdb": ("duckdb", "sqlglot.dialects.duckdb", "mlopsc.runtime.engine.statement"),
    "numpy": ("numpy",),
}


def implementation(operation: str) -> ModuleType:
    """Return the module that carries an operation out."""
    return import_module(f"{__name__}.{operation}")


def run_operation(operation: Operation, inputs: Paths, outputs: Paths, context: Context) -> None:
    """Carry an operation out; raises whatever it raises, Refusal after its outputs are written."""
    implementation(operation.operation).run(operation, inputs, outputs, context)


def fingerprint(operation: Operation, context: Context) -> str | None:
    """Return what an observe operation would see, None where only a full run can tell."""
    found: str | None = implementation(operation.operation).fingerprint(operation, context)
    return found


def confirmed(operation: Operation, input_digests: Mapping[str, str], context: Context) -> bool:
    """Say whether the world still holds what an effect operation did."""
    return bool(implementation(operation.operation).confirmed(operation, input_digests, context))


def modules_for(operation: type[Operation]) -> tuple[str, ...]:
    """Return the modules that an operation will import, its own last, for a process that forks steps."""
    own = f"{__name__}.{operation.model_fields['operation'].default}"
    libraries = [module for name in operation.libraries for module in _PRELOAD.get(name, ())]
    return (*libraries, own)
