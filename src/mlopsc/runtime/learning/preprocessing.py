"""Preprocessing: from features to the matrix that an estimator takes, as one scikit-learn pipeline with it.

`auto` asks the estimator: one that takes NaN gets numbers as they are, others the median for nulls; families
that measure distances or penalise coefficients get standard scores. Strings, and numbers declared categories,
become ordinal codes for gradient boosting (native categories of scikit-learn's, when its bins suffice), else one-hot.
A category never seen is unknown (NaN, -1 or no column), never an error; null is a category of its own. A
column without any value in the train part is left out of the model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler
from sklearn.utils import get_tags

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.boosting import library_of
from mlopsc.runtime.learning.frames import Kind
from mlopsc.vocabulary.preprocessing import CategoricalPreprocessing, NumericPreprocessing, Preprocessing

UNKNOWN, MISSING = -1, -2
"""Ordinal codes of unseen categories and of null, where the estimator does not take NaN."""
_SCALED = (
    "sklearn.linear_model",
    "sklearn.svm",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.kernel_ridge",
    "sklearn.gaussian_process",
)
_SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}
_NATIVE = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def make_pipeline(
    estimator: Any, table: pd.DataFrame, kinds: Mapping[str, Kind], settings: Preprocessing
) -> Pipeline:
    """Return an unfitted pipeline of preprocessing and `estimator`, for a train part as `frames` reads it.

    From the table it takes only which columns are empty and how many categories a column has. An estimator
    that takes native categories is told their positions, unless it was given some. Raises StepFailed when no
    column holds a value, or a column declared categorical is not a feature.
    """
    strange = sorted(set(settings.categorical_columns) - set(kinds))
    if strange:
        raise StepFailed(f"`categorical_columns` names what is not a feature: {', '.join(strange)}")
    filled = [name for name in kinds if table[name].notna().any()]
    if not filled:
        raise StepFailed("no feature has a value in the train part: there is nothing to learn from")
    categorical = [name for name in filled if kinds[name] == "string" or name in settings.categorical_columns]
    numeric = [name for name in filled if name not in categorical]
    native = _native(estimator, table, categorical, settings.categorical)
    if native and estimator.categorical_features in (None, "from_dtype"):
        # The transformer puts numbers first, native categories next.
        positions = list(range(len(numeric), len(numeric) + len(native)))
        estimator = estimator.set_params(categorical_features=positions)
    rest = [name for name in categorical if name not in native]
    dense = takes_nulls(estimator) or not takes_sparse(estimator)
    parts = [
        ("numeric", _numeric(estimator, settings.numeric), numeric),
        (
            "native",
            _chain([*_imputation(settings.categorical), _ordinal(settings.categorical, nulls=True)]),
            native,
        ),
        ("categorical", _categorical(estimator, settings.categorical, dense=dense), rest),
    ]
    used = [part for part in parts if part[2]]
    transformer = ColumnTransformer(used, sparse_threshold=0.0 if dense else 0.3)
    return Pipeline([("preprocess", transformer), ("estimator", estimator)])


def takes_nulls(estimator: Any) -> bool:
    """Whether NaN may stand among the numbers."""
    return bool(get_tags(estimator).input_tags.allow_nan)


def takes_sparse(estimator: Any) -> bool:
    """Whether a sparse matrix may come."""
    return bool(get_tags(estimator).input_tags.sparse)


def wants_scale(estimator: Any) -> bool:
    """Whether an estimator, or one inside it, is of a family whose result depends on the features' units."""
    nested = estimator.get_params(deep=True).values()
    inside = (value for value in nested if isinstance(value, BaseEstimator))
    return any(
        base.__module__.startswith(_SCALED) and issubclass(base, BaseEstimator)
        for part in (estimator, *inside)
        for base in type(part).__mro__
    )


def _native(
    estimator: Any, table: pd.DataFrame, columns: Sequence[str], settings: CategoricalPreprocessing
) -> list[str]:
    """Return the columns that become native categories: no more of them than the estimator has bins."""
    if settings.encode != "auto" or not isinstance(estimator, _NATIVE):
        return []
    limit = estimator.max_bins
    if settings.max_categories is not None and settings.max_categories <= limit:
        return list(columns)
    return [name for name in columns if table[name].nunique() <= limit]


def _numeric(estimator: Any, settings: NumericPreprocessing) -> Any:
    impute, scale = settings.impute, settings.scale
    if impute == "auto":
        impute = "none" if takes_nulls(estimator) else "median"
    if scale == "auto":
        scale = "standard" if wants_scale(estimator) else "none"
    steps: list[tuple[str, Any]] = []
    if impute != "none":
        steps.append(("impute", SimpleImputer(strategy=impute)))
    if scale != "none":
        steps.append(("scale", _SCALERS[scale]()))
    return _chain(steps)


def _categorical(estimator: Any, settings: CategoricalPreprocessing, *, dense: bool) -> Any:
    boosted = isinstance(estimator, _NATIVE) or library_of(estimator) is not None
    ordinal = settings.encode == "ordinal" or (settings.encode == "auto" and boosted)
    if ordinal:
        nulls = takes_nulls(estimator) or settings.impute == "none"
        return _chain([*_imputation(settings), _ordinal(settings, nulls=nulls)])
    unknown = "ignore" if settings.max_categories is None else "infrequent_if_exist"
    onehot = OneHotEncoder(
        handle_unknown=unknown, max_categories=settings.max_categories, sparse_output=not dense
    )
    return _chain([*_imputation(settings), ("encode", onehot)])


def _imputation(settings: CategoricalPreprocessing) -> list[tuple[str, Any]]:
    return [("impute", SimpleImputer(strategy="most_frequent"))] if settings.impute == "most_frequent" else []


def _ordinal(settings: CategoricalPreprocessing, *, nulls: bool) -> tuple[str, Any]:
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan if nulls else UNKNOWN,
        encoded_missing_value=np.nan if nulls else MISSING,
        max_categories=settings.max_categories,
    )
    return ("encode", encoder)


def _chain(steps: list[tuple[str, Any]]) -> Any:
    match steps:
        case []:
            return "passthrough"
        case [(_, only)]:
            return only
        case _:
            return Pipeline(steps)
