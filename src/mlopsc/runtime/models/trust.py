"""Which types a model file may hold: a policy of this code and of its caller, never of the file.

skops builds objects of the types that it is told to trust, by name. A prefix such as `sklearn.` would not do:
a file could name any function that is importable below it, and have it called in the role of a dictionary's
key type, of a list's class, of a constructor. So each kind of node has its own rule here, the roles that call
what they are given accept exact built-in types only, and a class or function must be defined where its name
says.
"""

import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.models.boosters import TYPES
from mlopsc.runtime.models.declared import fault_of
from mlopsc.runtime.models.nodes import nodes

_KEYS = {"builtins.str", "builtins.int", "builtins.float", "builtins.bool"}
_SCALARS = {f"numpy.{kind.__name__}" for kind in np.sctypeDict.values()} - {"numpy.object_", "numpy.void"}
_EXACT: dict[str, set[str]] = {
    "JsonNode": {"builtins.str"},
    "DictNode": {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"},
    "DefaultDictNode": {"collections.defaultdict"},
    "ListNode": {"builtins.list"},
    "SetNode": {"builtins.set"},
    "TupleNode": {"builtins.tuple", "sklearn.impute._iterative._ImputerTriplet"},
    "BytesNode": {"builtins.bytes"},
    "BytearrayNode": {"builtins.bytearray"},
    "SliceNode": {"builtins.slice"},
    "NdArrayNode": {"numpy.ndarray"} | _SCALARS,
    "MaskedArrayNode": {"numpy.ma.MaskedArray"},
    "DTypeNode": {"numpy.dtype"},
    "RandomStateNode": {"numpy.random.mtrand.RandomState"},
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    "ConstructorFromReduceNode": {"builtins.frozenset"},
    "PartialNode": {"functools.partial"},
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "ObjectNode": {
        "scipy.interpolate._bsplines.BSpline",
        "mlopsc.runtime.learning.coded.CodedClasses",
        "mlopsc.runtime.learning.segmented.SegmentedModel",
        "mlopsc.runtime.models.own.OwnClassifier",
        "mlopsc.runtime.models.own.OwnRegressor",
    }
    | TYPES,
    "TypeNode": _KEYS
    | _SCALARS
    | {"builtins.list", "builtins.set", "builtins.tuple", "builtins.dict", "collections.OrderedDict"},
    "FunctionNode": {
        "numpy.mean",
        "numpy.median",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "sklearn.utils.validation.check_array",
    },
}
_LOSSES = ("sklearn._loss._loss.Cy", "sklearn.linear_model._sgd_fast.")
_CLASSES = ("sklearn.",)
_FUNCTIONS = (
    "sklearn.cluster.",
    "sklearn.decomposition.",
    "sklearn.feature_selection.",
    "sklearn.linear_model.",
    "sklearn.metrics.",
    "sklearn.preprocessing.",
)
_NEVER = ("tests", "externals", "datasets", "conftest", "_testing", "_build_utils", "_mocking")
_OBJECTS = ("ObjectNode", "TypeNode")


@dataclass(frozen=True)
class Trust:
    """What a model may hold beside scikit-learn's types: said by a spec or a registry, never by the model."""

    modules: tuple[str, ...] = ()
    """Modules, packages or classes of the user's, `my_project.models` or `my_project.models.Ridge`: what is defined in
    them may be held, as objects, functions and types."""
    types: tuple[str, ...] = ()
    """Estimators of other packages, `imblearn.pipeline.Pipeline`: they may be held as objects and types (see
    `declared`)."""
    training: str | None = None
    """The training that declares them, for messages."""


NOTHING = Trust()
"""Nothing beside scikit-learn's types."""


def audit(schema: Any, trusted: Trust = NOTHING) -> list[str]:
    """Return the names that skops is to trust for a schema whose every node the policy allows.

    Raises StoreError naming the others, and for a declared type that cannot be trusted.
    """
    refused: set[str] = set()
    names, defined, done = set[str](), set[int | None](), set[tuple[str, str, str]]()
    objects = True
    for node in nodes(schema):
        loader, module, name = node["__loader__"], node.get("__module__"), node.get("__class__")
        if not isinstance(module, str) or not isinstance(name, str) or "." in name:
            raise StoreError(f"not a model: a {loader} with the type {module!r}.{name!r}")
        identity = node.get("__id__")
        if identity is not None and type(identity) is not int:
            raise StoreError(f"not a model: an object numbered {identity!r}")
        if loader == "CachedNode":
            if identity not in defined:
                raise StoreError("not a model: it refers to an object that it does not hold")
            continue
        # One definition each: or a node could be checked as one thing, and built as another of its number.
        if identity is not None and identity in defined:
            raise StoreError("not a model: it defines an object twice")
        defined.add(identity)
        if loader == "DictNode":
            _check_keys(node)
        if (loader, module, name) not in done:
            done.add((loader, module, name))
            names.add(f"{module}.{name}")
            if not _allows(loader, module, name, trusted):
                refused.add(f"{module}.{name}")
                objects = objects and loader in _OBJECTS
    if refused:
        raise StoreError(
            f"the model holds types that are not trusted: {', '.join(sorted(refused))}",
            help=_help(refused, trusted)
            if objects
            else "`trust` is for estimators: functions, and what is not built of its attributes alone, a model may "
            "hold of scikit-learn and of the project's own modules",
        )
    return sorted(names)


def _help(types: set[str], trusted: Trust) -> str:
    said = f"trust: [{', '.join(sorted({*types, *trusted.types}))}]"
    if trusted.training is None:
        return f"if you trust who made them, train it with `{said}`; otherwise do not use this file"
    return f"if you trust who made them, say so: `training: {{{trusted.training}: {{{said}}}}}`"


def _check_keys(node: dict[str, Any]) -> None:
    """Key types are called with the keys: allow nothing but plain scalars there."""
    types = node.get("key_types")
    if not isinstance(types, dict) or types.get("__loader__") != "ListNode":
        raise StoreError("not a model: a dictionary without a list of its keys' types")
    for kind in types.get("content", ()):
        name = f"{kind.get('__module__')}.{kind.get('__class__')}" if isinstance(kind, dict) else repr(kind)
        if not isinstance(kind, dict) or kind.get("__loader__") != "TypeNode" or name not in _KEYS | _SCALARS:
            raise StoreError(f"the model holds a dictionary whose keys are made by {name}: keys are scalars")


def _allows(loader: str, module: str, name: str, trusted: Trust) -> bool:
    full = f"{module}.{name}"
    if full in _EXACT.get(loader, ()):
        return True
    match loader:
        case "ObjectNode" | "TypeNode":
            return (
                _is_defined(module, name, _CLASSES, inspect.isclass)
                or _is_users(module, name, trusted.modules)
                or _is_declared(full, trusted.types)
            )
        case "FunctionNode":
            return (
                _is_ufunc(module, name)
                or _is_defined(module, name, _FUNCTIONS, inspect.isroutine)
                or _is_users(module, name, trusted.modules)
            )
        case "LossNode":
            return full.startswith(_LOSSES) and _is_defined(module, name, _CLASSES, inspect.isclass)
        case "SparseMatrixNode":  # built by scipy's own reader, whatever the name says
            return module.startswith("scipy.sparse.")
        case _:
            return False


def _is_ufunc(module: str, name: str) -> bool:
    return module in ("numpy", "scipy.special", "scipy.special._ufuncs") and isinstance(
        getattr(importlib.import_module(module), name, None), np.ufunc
    )


def _is_defined(module: str, name: str, prefixes: Sequence[str], is_kind: Any) -> bool:
    """Whether the module is below a prefix, and itself defines such a thing; importing it is harmless."""
    if not module.startswith(tuple(prefixes)) or any(part in _NEVER for part in module.split(".")):
        return False
    found = _find(module, name)
    return bool(is_kind(found)) and str(getattr(found, "__module__", "")).startswith(tuple(prefixes))


def _is_declared(full: str, types: Sequence[str]) -> bool:
    """Whether the type is declared; raises StoreError for a declared one that cannot be trusted."""
    if full not in types:
        return False
    if (fault := fault_of(full)) is not None:
        raise StoreError(
            f"the model holds {full}, which its training trusts, but {fault}",
            help="install its package where models are opened, or let a function of yours save and load the model: "
            "`estimator: {python: …, loader: …}`",
        )
    return True


def _is_users(module: str, name: str, trusted: Sequence[str]) -> bool:
    """Whether the caller trusts the type or the module (or a package above it) that defines it."""
    if not _is_trusted(module, name, trusted):
        return False
    found = _find(module, name)
    return callable(found) and _is_trusted(str(getattr(found, "__module__", "")), name, trusted)


def _is_trusted(module: str, name: str, trusted: Sequence[str]) -> bool:
    return any(entry in (module, f"{module}.{name}") or module.startswith(f"{entry}.") for entry in trusted)


def _find(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
