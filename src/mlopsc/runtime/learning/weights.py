"""Weights of classes and rows, given to an estimator in the way that it takes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import has_fit_parameter

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.frames import held_as, kind_of
from mlopsc.runtime.learning.misfits import class_word
from mlopsc.vocabulary.weights import ClassWeight

Values = npt.NDArray[Any]


def read_weights(path: Path, name: str) -> Values:
    """Return a column of a feature table, one of the features or auxiliary, as the weight of each row.

    Raises StepFailed for what is no number, null, negative or infinite, and when no row has a weight above zero.
    """
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        column = file.read(columns=[held_as(name, names)]).column(0)
    if kind_of(column.type) != "numeric":
        raise StepFailed(f"`sample_weight`: column {name!r} is a {column.type}: expected numbers")
    weights: Values = column.cast("float64", safe=False).to_numpy(zero_copy_only=False)
    faults = {
        "null": np.isnan(weights),
        "negative": weights < 0,
        "infinite": np.isposinf(weights),
    }
    told = [f"{count} {word}" for word, rows in faults.items() if (count := int(rows.sum()))]
    if told:
        raise StepFailed(
            f"`sample_weight`: of {len(weights)} weights in column {name!r} {' and '.join(told)}: "
            "expected finite numbers that are not negative",
            help="leave such rows out by the training's `where`, or fill them in an SQL view",
        )
    if len(weights) and not weights.any():
        raise StepFailed(f"`sample_weight`: every weight in column {name!r} is 0: nothing would be learned")
    return weights


def weigh_classes(
    estimator: Any, setting: ClassWeight, label: Values, weights: Values | None = None
) -> Values | None:
    """Tell a classifier its classes' weights; return the weight of each row where it has no `class_weight`.

    `weights` are those that the rows have already, by which `balanced` counts the rows of a class.

    Raises StepFailed for what is no classifier, one that takes no weights, and labels that do not occur.
    """
    name = type(estimator).__name__
    if not is_classifier(estimator):
        raise StepFailed(f"`class_weight` is for classifiers, and {name} is none")
    by_label = setting if isinstance(setting, str) else _by_label(setting, np.unique(label).tolist())
    if "class_weight" in estimator.get_params(deep=False):
        estimator.set_params(class_weight=by_label)
        return None
    require_weights(estimator, "class_weight")
    classes, codes = np.unique(label, return_inverse=True)
    found: Values = compute_class_weight(by_label, classes=classes, y=label, sample_weight=weights)[codes]
    return found


def weight_argument(estimator: Any) -> str | None:
    """Return the argument by which `fit` takes weights of rows, None where it takes none."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = weight_argument(last)
        return None if inner is None else f"{name}__{inner}"
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else None


def require_weights(estimator: Any, key: str) -> str:
    """Return the argument by which `fit` takes weights of rows; raises StepFailed, naming the key that wants it."""
    found = weight_argument(estimator)
    if found is None:
        raise StepFailed(
            f"`{key}`: {type(estimator).__name__} takes no weights when it is fitted",
            help="use an estimator whose `fit` has `sample_weight`, or leave the key out",
        )
    return found


def _by_label(setting: Mapping[str, float], labels: list[Any]) -> dict[Any, float]:
    known = {class_word(label): label for label in labels}
    strange = [name for name in setting if name not in known]
    if strange:
        raise StepFailed(
            f"`class_weight` names {', '.join(map(repr, strange))}, which no label of the train part is",
            help=f"labels there are {', '.join(map(repr, known))}",
        )
    return {label: setting[name] for name, label in known.items() if name in setting}
