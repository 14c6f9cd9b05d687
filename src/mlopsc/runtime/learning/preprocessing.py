"""Preprocessing: from features to the matrix that an estimator takes, as one scikit-learn pipeline with it.

`auto` asks the estimator: one that takes NaN gets numbers as they are, others the median for nulls; families
that measure distances or penalise coefficients get standard scores. Strings, and numbers declared categories,
become ordinal codes for gradient boosting (native categories of scikit-learn's, when its bins suffice), else one-hot.
A category never seen is unknown (NaN, -1 or no column), never an error; null is a category of its own. A
column without any value in the train part is left out of the model.
"""

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator
from sklearn.pipeline import Pipeline

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.frames import Kind
from mlopsc.runtime.learning.treatments import Treatment, categorical, dense, numeric, treatments
from mlopsc.runtime.learning.wants import NATIVE
from mlopsc.vocabulary.preprocessing import CategoricalPreprocessing, NumericPreprocessing, Preprocessing

Role = Literal["numeric", "native", "binned", "categorical", "passthrough", "python"]
_ROLES: tuple[Role, ...] = ("numeric", "native", "binned", "categorical", "passthrough", "python")
"""In this order: numbers, one column each, and native categories first, so that the positions of these are known."""


def make_pipeline(
    estimator: Any,
    table: pd.DataFrame,
    kinds: Mapping[str, Kind],
    settings: Preprocessing,
    *,
    seed: int = 0,
    own: Mapping[str, Any] | None = None,
) -> Pipeline:
    """Return an unfitted pipeline of preprocessing and `estimator`, for a train part as `frames` reads it.

    From the table it takes only which columns are empty, how many rows it has and how many categories a column. `own`
    holds the users' transformers by feature. An estimator that takes native categories is told their positions, unless
    it was given some. Raises StepFailed when no column holds a value, or the settings do not suit the features.
    """
    told = treatments(kinds, settings)
    filled = {name: one for name, one in told.items() if table[name].notna().any()}
    if not filled:
        raise StepFailed("no feature has a value in the train part: there is nothing to learn from")
    roles = {name: _role(estimator, table[name], one) for name, one in filled.items()}
    parts: list[tuple[str, Any, list[str]]] = []
    for role in _ROLES:
        names = [name for name in filled if roles[name] == role]
        for number, columns in enumerate(_alike(names, filled)):
            made = _transformer(estimator, columns, filled[columns[0]], role, len(table), seed, own or {})
            parts.append((f"{role}_{number + 1}" if number else role, made, columns))
    missing = [n for n, one in filled.items() if isinstance(one, NumericPreprocessing) and one.indicator]
    if missing:
        parts.append(("missing", MissingIndicator(features="all"), missing))
    counts = {role: sum(one == role for one in roles.values()) for role in _ROLES}
    if counts["native"] and estimator.categorical_features in (None, "from_dtype"):
        first = counts["numeric"]
        estimator = estimator.set_params(categorical_features=list(range(first, first + counts["native"])))
    transformer = ColumnTransformer(parts, sparse_threshold=0.0 if dense(estimator) else 0.3)
    return Pipeline([("preprocess", transformer), ("estimator", estimator)])


def _role(estimator: Any, column: "pd.Series[Any]", treatment: Treatment) -> Role:
    match treatment:
        case NumericPreprocessing():
            return "numeric" if treatment.bins is None else "binned"
        case CategoricalPreprocessing():
            return "native" if _is_native(estimator, column, treatment) else "categorical"
        case _:
            return treatment


def _is_native(estimator: Any, column: "pd.Series[Any]", settings: CategoricalPreprocessing) -> bool:
    """Whether a column becomes native categories: no more of them than the estimator has bins."""
    if settings.encode != "auto" or not isinstance(estimator, NATIVE):
        return False
    limit = estimator.max_bins
    if settings.max_categories is not None and settings.max_categories <= limit:
        return True
    return bool(column.nunique() <= limit)


def _alike(names: list[str], treatments: Mapping[str, Treatment]) -> list[list[str]]:
    """Return the features in groups of one treatment; each that a user's transformer treats is alone."""
    groups: dict[object, list[str]] = {}
    for name in names:
        treatment = treatments[name]
        groups.setdefault(name if treatment == "python" else treatment, []).append(name)
    return list(groups.values())


def _transformer(
    estimator: Any,
    columns: list[str],
    treatment: Treatment,
    role: Role,
    rows: int,
    seed: int,
    own: Mapping[str, Any],
) -> Any:
    match treatment:
        case NumericPreprocessing():
            return numeric(estimator, treatment, rows, seed)
        case CategoricalPreprocessing():
            return categorical(estimator, treatment, seed, native=role == "native")
        case "passthrough":
            return treatment
        case _:
            return own[columns[0]]
