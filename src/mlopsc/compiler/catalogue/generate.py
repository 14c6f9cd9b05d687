"""Writing the catalogue down: reads the installed scikit-learn, which takes about two CPU seconds.

`main` prints the text, so that another process than the one which wants a catalogue imports the library.
"""

import inspect
import json
import sys
import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

SCHEMA_VERSION = 2
"""Raised whenever the meaning of the JSON document changes."""

_OBJECTS = "an object that YAML cannot write"


def generate() -> dict[str, Any]:
    """Return the catalogue of the installed scikit-learn as a JSON document."""
    import sklearn
    from sklearn.metrics import get_scorer, get_scorer_names
    from sklearn.utils import all_estimators

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimators = {_public_path(cls): _estimator(cls) for _, cls in all_estimators()}
        scorers = {name: _scorer(get_scorer(name)) for name in get_scorer_names()}
    return {
        "schema": SCHEMA_VERSION,
        "sklearn": sklearn.__version__,
        "estimators": dict(sorted(estimators.items())),
        "scorers": dict(sorted(scorers.items())),
    }


def render(document: dict[str, Any]) -> str:
    """Return the text of a catalogue file: canonical JSON, one estimator or scorer a line."""
    rows = []
    for section in ("estimators", "scorers"):
        items = ",\n".join(f"{_json(name)}:{_json(entry)}" for name, entry in document[section].items())
        rows.append(f'"{section}":{{\n{items}\n}}')
    named = [key for key in document if key not in ("estimators", "scorers")]
    head = ",\n".join(f"{_json(key)}:{_json(document[key])}" for key in named)
    return "{\n" + ",\n".join([head, *rows]) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def default_of(parameter: inspect.Parameter) -> str | None:
    """Return the repr of a parameter's default, None where it must be given."""
    if parameter.default is parameter.empty:
        return None
    return parameter.default.__qualname__ if callable(parameter.default) else repr(parameter.default)


def _public_path(cls: type) -> str:
    """Return the shortest import path without a private module in it."""
    parts = cls.__module__.split(".")
    for end in range(2, len(parts) + 1):
        module = sys.modules.get(".".join(parts[:end]))
        if getattr(module, cls.__name__, None) is cls:
            return f"{'.'.join(parts[:end])}.{cls.__name__}"
    return f"{cls.__module__}.{cls.__name__}"


def _estimator(cls: type) -> dict[str, Any]:
    tags = _tags(cls)
    constraints = getattr(cls, "_parameter_constraints", {})
    params = {}
    for name, parameter in inspect.signature(cls.__init__).parameters.items():  # type: ignore[misc]
        if name == "self" or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        params[name] = {
            "default": default_of(parameter),
            "constraints": _constraints(constraints.get(name, "no_validation")),
        }
    return {
        "kind": _kind(cls, tags),
        "predict_proba": hasattr(cls, "predict_proba"),
        "decision_function": hasattr(cls, "decision_function"),
        "handles_nan": bool(tags and tags.input_tags.allow_nan),
        "handles_categorical": bool(tags and tags.input_tags.categorical) or "categorical_features" in params,
        "sample_weight": "sample_weight" in inspect.signature(cls.fit).parameters,  # type: ignore[attr-defined]
        "params": params,
    }


def _tags(cls: type) -> Any:
    """Return the tags of an instance with defaults; None where the class needs another estimator first."""
    try:
        return cls().__sklearn_tags__()
    except (TypeError, AttributeError):
        return None


def _kind(cls: type, tags: Any) -> str:
    from sklearn.base import ClassifierMixin, ClusterMixin, RegressorMixin, TransformerMixin

    if tags is not None and tags.estimator_type in ("classifier", "regressor", "clusterer"):
        return str(tags.estimator_type)
    mixins = {
        "classifier": ClassifierMixin,
        "regressor": RegressorMixin,
        "clusterer": ClusterMixin,
        "transformer": TransformerMixin,
    }
    return next((kind for kind, mixin in mixins.items() if issubclass(cls, mixin)), "other")


def _constraints(declared: Any) -> list[dict[str, Any]]:
    """Return the constraints in the catalogue's words; empty when anything may pass."""
    if isinstance(declared, str):
        return []
    from sklearn.utils._param_validation import Hidden

    visible = [constraint for constraint in declared if not isinstance(constraint, Hidden)]
    return [entry for constraint in visible for entry in _constraint(constraint)]


def _constraint(constraint: Any) -> list[dict[str, Any]]:
    from sklearn.utils._param_validation import HasMethods, Interval, MissingValues, Options

    if isinstance(constraint, Interval):
        return [_interval(constraint)]
    if isinstance(constraint, Options):
        return _options(constraint)
    if isinstance(constraint, MissingValues):
        return [{"is": "number", "closed": "both"}, {"is": "nan"}, {"is": "str"}, {"is": "none"}]
    if isinstance(constraint, HasMethods) and "__iter__" in constraint.methods:
        return [{"is": "list"}, {"is": "map"}]
    if isinstance(constraint, HasMethods):
        return [{"is": "object", "words": "an estimator object"}]
    if isinstance(constraint, type):
        return _TYPES.get(constraint, [{"is": "object", "words": _OBJECTS}])
    return _NAMED.get(constraint, [{"is": "object", "words": _OBJECTS}])


def _interval(constraint: Any) -> dict[str, Any]:
    kind = {Integral: "int", Real: "number"}.get(constraint.type, "real")
    entry: dict[str, Any] = {"is": kind}
    for key, bound in (("low", constraint.left), ("high", constraint.right)):
        if bound is not None and abs(bound) != float("inf"):
            entry[key] = bound.item() if hasattr(bound, "item") else bound
    if kind != "int" or len(entry) > 1:
        entry["closed"] = constraint.closed
    return entry


def _options(constraint: Any) -> list[dict[str, Any]]:
    plain = sorted((o for o in constraint.options if isinstance(o, str | bool | int)), key=str)
    entries: list[dict[str, Any]] = [{"is": "choice", "of": plain}] if plain else []
    for name, bound in (("infinite", float("inf")), ("minus infinite", float("-inf"))):
        if bound in constraint.options:
            entries.append({"is": name})
    return entries or [{"is": "object", "words": _OBJECTS}]


_TYPES: dict[type, list[dict[str, Any]]] = {
    str: [{"is": "str"}],
    bool: [{"is": "bool"}],
    int: [{"is": "int"}],
    Integral: [{"is": "int"}],
    float: [{"is": "number", "closed": "both"}],
    Real: [{"is": "number", "closed": "both"}],
    dict: [{"is": "map"}],
    Mapping: [{"is": "map"}],
    list: [{"is": "list"}],
    tuple: [{"is": "tuple"}],
}
_NAMED: dict[Any, list[dict[str, Any]]] = {
    None: [{"is": "none"}],
    "boolean": [{"is": "bool"}],
    "verbose": [{"is": "int", "low": 0, "closed": "left"}, {"is": "bool"}],
    "random_state": [{"is": "int", "low": 0, "high": 2**32 - 1, "closed": "both"}, {"is": "none"}],
    "array-like": [{"is": "list"}, {"is": "map"}],
    "cv_object": [{"is": "int", "low": 2, "closed": "left"}, {"is": "list"}, {"is": "none"}],
    "sparse matrix": [{"is": "object", "words": "a sparse matrix"}],
    "nan": [{"is": "nan"}],
    callable: [{"is": "object", "words": "a function"}],
}


def _scorer(scorer: Any) -> dict[str, Any]:
    arguments = inspect.signature(scorer._score_func).parameters
    positive_label = "pos_label" in arguments and "pos_label" not in scorer._kwargs
    method = scorer._response_method
    needs = {"predict": "predict", "predict_proba": "proba"}.get(
        method if isinstance(method, str) else "", "threshold"
    )
    return {"needs": needs, "task": _task(scorer), "positive_label": positive_label}


def _task(scorer: Any) -> str:
    """Return the kind of label that a scorer takes, from the module and arguments of its function."""
    module, arguments = scorer._score_func.__module__, scorer._kwargs
    if ".cluster." in module:
        return "clustering"
    if module.endswith("_regression"):
        return "regression"
    if arguments.get("average") == "samples":
        return "multilabel"
    name = scorer._score_func.__name__
    binary = arguments.get("average") == "binary" or "likelihood_ratio" in name
    if binary or (name == "roc_auc_score" and "multi_class" not in arguments):
        return "binary"
    return "classification"


def main() -> None:
    """Print the catalogue of an installed library: scikit-learn, or the one that the command line names."""
    if len(sys.argv) > 1:
        from mlopsc.compiler.catalogue import boosters

        sys.stdout.write(render(boosters.generate(sys.argv[1])))
    else:
        sys.stdout.write(render(generate()))
