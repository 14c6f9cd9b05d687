"""Writing down the estimators of XGBoost and LightGBM, in the catalogue's words.

Neither declares its parameters as scikit-learn does. Their types are the annotations of the constructors, their names
also what the libraries list; bounds and choices are those that the libraries enforce when they train (in their
documentation, "Parameters"), which a test asks them.
"""

import importlib
import inspect
import json
import types
import typing
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from mlopsc.compiler.catalogue.generate import SCHEMA_VERSION, default_of

BOOSTERS = {
    "xgboost": ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
    "lightgbm": ("LGBMClassifier", "LGBMRegressor"),
}
"""Library → its estimators that a training can have."""
_SHARE = {"low": 0, "high": 1, "closed": "both"}
_LEAST = {"low": 0, "closed": "left"}
BOUNDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "xgboost": {
        "max_depth": _LEAST,
        "max_leaves": _LEAST,
        "max_bin": {"low": 2, "closed": "left"},
        "learning_rate": _LEAST,
        "num_parallel_tree": {"low": 1, "closed": "left"},
        "gamma": _LEAST,
        "min_child_weight": _LEAST,
        "max_delta_step": _LEAST,
        "reg_alpha": _LEAST,
        "reg_lambda": _LEAST,
        **dict.fromkeys(("subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode"), _SHARE),
    },
    "lightgbm": {
        "num_leaves": {"low": 2, "high": 131_072, "closed": "both"},
        "learning_rate": {"low": 0, "closed": "neither"},
        "n_estimators": {"low": 1, "closed": "left"},
        "subsample_for_bin": {"low": 1, "closed": "left"},
        "min_split_gain": _LEAST,
        "min_child_weight": _LEAST,
        "min_child_samples": _LEAST,
        "reg_alpha": _LEAST,
        "reg_lambda": _LEAST,
        **dict.fromkeys(("subsample", "colsample_bytree"), _SHARE | {"closed": "right"}),
    },
}
CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "xgboost": {
        "booster": ("dart", "gblinear", "gbtree"),
        "grow_policy": ("depthwise", "lossguide"),
        "multi_strategy": ("multi_output_tree", "one_output_per_tree"),
        "sampling_method": ("gradient_based", "uniform"),
        "tree_method": ("approx", "auto", "exact", "hist"),
    },
    "lightgbm": {
        "boosting_type": ("dart", "gbdt", "goss", "rf"),
        "importance_type": ("gain", "split"),
    },
}
_NEVER = {"early_stopping_rounds", "callbacks", "early_stopping_round", "early_stopping", "n_iter_no_change"}
"""They need validation rows, or objects, that a training does not hand over."""
_OTHER_USES = frozenset(
    {
        "config",
        "convert_model",
        "convert_model_language",
        "data",
        "group_column",
        "header",
        "ignore_column",
        "input_model",
        "label_column",
        "local_listen_port",
        "machine_list_filename",
        "machines",
        "num_class",
        "num_iteration_predict",
        "num_machines",
        "output_model",
        "output_result",
        "parser_config_file",
        "pre_partition",
        "precise_float_parser",
        "pred_early_stop",
        "pred_early_stop_freq",
        "pred_early_stop_margin",
        "predict_contrib",
        "predict_disable_shape_check",
        "predict_leaf_index",
        "predict_raw_score",
        "refit_decay_rate",
        "save_binary",
        "snapshot_freq",
        "start_iteration_predict",
        "task",
        "time_out",
        "two_round",
        "valid",
        "weight_column",
    }
)
"""Parameters of LightGBM's command line, of its clusters and of predicting."""
_TYPES: dict[Any, list[dict[str, Any]]] = {
    int: [{"is": "int"}],
    float: [{"is": "number", "closed": "both"}],
    bool: [{"is": "bool"}],
    str: [{"is": "str"}],
    dict: [{"is": "map"}],
    types.NoneType: [{"is": "none"}],
}


def generate(library: str) -> dict[str, Any]:
    """Return the catalogue of an installed library as a JSON document."""
    module = importlib.import_module(library)
    found = {f"{library}.{name}": _estimator(library, getattr(module, name)) for name in BOOSTERS[library]}
    return {
        "schema": SCHEMA_VERSION,
        library: version(library),
        "estimators": dict(sorted(found.items())),
        "scorers": {},
    }


def _estimator(library: str, cls: type) -> dict[str, Any]:
    named = {
        name: parameter
        for base in reversed(cls.__mro__)
        if base.__module__.partition(".")[0] == library
        for name, parameter in inspect.signature(base.__init__).parameters.items()  # type: ignore[misc]
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    }
    params = {
        name: {
            "default": default_of(parameter),
            "constraints": _constraints(library, name, parameter.annotation),
        }
        for name, parameter in named.items()
    }
    more = _names_of_lightgbm() if library == "lightgbm" else _names_of_xgboost()
    params |= {name: {"default": "None", "constraints": []} for name in more if name not in params}
    params |= {name: {"default": "None", "constraints": [{"is": "none"}]} for name in _NEVER & params.keys()}
    classifier = "Classifier" in cls.__name__
    return {
        "kind": "classifier" if classifier else "regressor",
        "predict_proba": classifier,
        "decision_function": False,
        "handles_nan": True,
        "handles_categorical": False,
        "sample_weight": True,
        "params": dict(sorted(params.items())),
    }


def _constraints(library: str, name: str, annotation: Any) -> list[dict[str, Any]]:
    """Return what an annotation, and what the library enforces beyond it, allow; empty when anything may pass."""
    optional = type(None) in typing.get_args(annotation)
    if name in CHOICES[library]:
        entries = [{"is": "choice", "of": list(CHOICES[library][name])}]
        return [*entries, {"is": "none"}] if optional else entries
    if name == "monotone_constraints":  # by feature here, as a map
        return [{"is": "map"}, {"is": "list"}, {"is": "str"}, {"is": "none"}]
    if name == "random_state":
        return [{"is": "int", "low": 0, "high": 2**32 - 1, "closed": "both"}, {"is": "none"}]
    parts = typing.get_args(annotation) if _is_union(annotation) else (annotation,)
    known = [_TYPES.get(typing.get_origin(part) or part) for part in parts]
    if any(entries is None for entries in known):
        return []
    bounds = BOUNDS[library].get(name, {})
    return [
        {**entry, **bounds} if entry["is"] in ("int", "number") else entry
        for entries in known
        for entry in entries or []
    ]


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _names_of_lightgbm() -> Iterable[str]:
    from lightgbm.basic import _ConfigAliases

    listed: Mapping[str, list[str]] = _ConfigAliases._get_all_param_aliases()
    return sorted({alias for name, aliases in listed.items() if name not in _OTHER_USES for alias in aliases})


def _names_of_xgboost() -> Iterable[str]:
    """Return the parameters in the configuration of boosters of every kind."""
    import numpy as np
    import xgboost

    matrix = xgboost.DMatrix(np.eye(4), label=[0, 1, 0, 1])
    found: set[str] = set()
    for settings in ({"booster": "gbtree"}, {"booster": "gblinear"}, {"booster": "dart"}):
        booster = xgboost.train({"verbosity": 0, **settings}, matrix, num_boost_round=1)
        found |= set(_settings(json.loads(booster.save_config())["learner"]))
    return sorted(found - {"num_class", "num_feature", "num_target", "num_trees", "process_type"})


def _settings(part: Any) -> Iterable[str]:
    """Yield the names below keys such as `tree_train_param`."""
    for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(inner, dict | list):
            own = str(key).endswith(("train_param", "generic_param", "loss_param"))
            yield from inner if own and isinstance(inner, dict) else _settings(inner)
