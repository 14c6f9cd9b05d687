"""Estimators from a configuration: imported or made by a user's function, their randomness from the seed."""

import importlib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.boosting import as_trained
from mlopsc.runtime.models.own import OwnClassifier, OwnRegressor, admit
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.estimators import CustomEstimator, Estimator, booster_library


def make_estimator(
    estimator: Estimator, params: Mapping[str, Any], seed: int, project: Path, threads: int = 1
) -> Any:
    """Return an unfitted estimator. A key with `__` sets a parameter of a part (`estimator__max_depth`).

    `threads` is how many a booster may use, unless the parameters say (see `boosting`).
    Raises StepFailed when it cannot be imported, does not take the parameters, or is no scikit-learn
    estimator; SpecError for a reference to a user's function that is not there.
    """
    if isinstance(estimator, CustomEstimator):
        if estimator.loader is not None:
            admit(estimator.functions(), project)
            kind = OwnClassifier if estimator.task == "classification" else OwnRegressor
            return kind(estimator.python, estimator.loader, dict(params), seed)
        function = load(resolve_reference(estimator.python), project)
        try:
            made = function(dict(params), seed)
        except Exception as error:  # whatever a user's function raises, the message has to name it
            raise _failed(estimator, error) from error
    else:
        made = _construct(estimator, params)
    if not isinstance(made, BaseEstimator):
        raise StepFailed(
            f"{_named(estimator)} made a {type(made).__name__}: expected a scikit-learn estimator",
            help="derive its class from ClassifierMixin or RegressorMixin, and sklearn.base.BaseEstimator",
        )
    return as_trained(seeded(made, seed, given=params), threads, given=params)


def _construct(path: str, params: Mapping[str, Any]) -> Any:
    module, _, name = path.rpartition(".")
    try:
        made_by = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        library = booster_library(path)
        help = None if library is None else f"pip install 'mlopsc[{library}]'"
        raise StepFailed(f"there is no estimator {path!r}: {error}", help=help) from error
    own = {key: value for key, value in params.items() if "__" not in key}
    nested = {key: value for key, value in params.items() if "__" in key}
    try:
        made = made_by(**own)
        return made.set_params(**nested) if nested else made
    except (TypeError, ValueError) as error:
        raise _failed(path, error) from error


def seeded(estimator: Any, seed: int, *, given: Container[str] = ()) -> Any:
    """Return the estimator with every `random_state` that is still open set to the seed, also inside it.

    A `random_state` among the `given` parameters stays as it is.
    """
    states = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None and name not in given
    }
    return estimator.set_params(**states) if states else estimator


def _failed(estimator: Estimator, error: Exception) -> StepFailed:
    return StepFailed(f"{_named(estimator)}: {type(error).__name__}: {error}")


def _named(estimator: Estimator) -> str:
    if isinstance(estimator, CustomEstimator):
        return f"estimator function {estimator.python}"
    return f"estimator {estimator}"
