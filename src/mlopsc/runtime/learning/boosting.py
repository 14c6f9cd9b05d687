"""Boosters of XGBoost and LightGBM as a training wants them: steady, quiet, with labels of any type."""

from collections.abc import Container
from typing import Any

from sklearn.base import is_classifier

from mlopsc.runtime.learning.coded import CodedClasses
from mlopsc.vocabulary.estimators import BOOSTERS

_THREADS = ("n_jobs", "nthread", "nthreads", "num_thread", "num_threads")
_QUIET = ("verbosity", "verbose")
_BY_WHICH = ("force_row_wise", "force_col_wise")


def library_of(estimator: Any) -> str | None:
    """Return `xgboost` or `lightgbm` for one of their estimators, also one whose classes are coded."""
    inner = estimator.estimator if isinstance(estimator, CodedClasses) else estimator
    tops = (base.__module__.partition(".")[0] for base in type(inner).__mro__)
    return next((top for top in tops if top in BOOSTERS), None)


def as_trained(estimator: Any, threads: int, *, given: Container[str] = ()) -> Any:
    """Return a booster with the settings that a training adds unless they are `given`; another estimator as it is.

    Both grow the same trees on any number of threads, but for XGBoost's linear booster, and LightGBM's linear trees:
    these have one. LightGBM would try out by the clock how to build its histograms, unless it is told.
    """
    library = library_of(estimator)
    if library is None or isinstance(estimator, CodedClasses):
        return estimator
    params = estimator.get_params()
    added: dict[str, Any] = {}
    linear = params.get("booster") == "gblinear" or params.get("linear_tree") or params.get("linear_trees")
    if not _any(_THREADS, given):
        added["n_jobs"] = 1 if linear else threads
    if library == "lightgbm":
        added |= {} if "deterministic" in given else {"deterministic": True}
        added |= {} if _any(_BY_WHICH, given) else {"force_row_wise": True}
        added |= {} if _any(_QUIET, given) else {"verbosity": -1}
    settled = estimator.set_params(**added)
    return CodedClasses(settled) if is_classifier(settled) else settled


def _any(names: tuple[str, ...], given: Container[str]) -> bool:
    return any(name in given for name in names)
