"""What is done to each feature: the settings of its kind, or its own, as transformers."""

from collections.abc import Mapping
from typing import Any, Literal, assert_never

import numpy as np
from sklearn.base import is_regressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.frames import Kind
from mlopsc.runtime.learning.wants import codes_categories, takes_nulls, takes_sparse, wants_scale
from mlopsc.vocabulary.preprocessing import (
    CategoricalPreprocessing,
    Constant,
    NumericPreprocessing,
    Preprocessing,
)

UNKNOWN, MISSING = -1, -2
"""Ordinal codes of unseen categories and of null, where the estimator does not take NaN."""
_QUANTILES = 1_000

Treatment = NumericPreprocessing | CategoricalPreprocessing | Literal["passthrough", "python"]


def treatments(kinds: Mapping[str, Kind], settings: Preprocessing) -> dict[str, Treatment]:
    """Return each feature's treatment. Raises StepFailed for names that are no features, and settings that do not suit
    a feature's kind."""
    named = {
        **dict.fromkeys(settings.categorical_columns, "categorical_columns"),
        **dict.fromkeys(settings.columns, "columns"),
    }
    for name, key in named.items():
        if name not in kinds:
            raise StepFailed(f"`preprocess.{key}` names what is not a feature: {name}")
    return {name: _treatment(name, kind, settings) for name, kind in kinds.items()}


def _treatment(name: str, kind: Kind, settings: Preprocessing) -> Treatment:
    own = settings.columns.get(name)
    categorical = kind == "string" or name in settings.categorical_columns
    if own is None:
        return settings.categorical if categorical else settings.numeric
    if own == "passthrough":
        return "passthrough"
    if own.python is not None:
        return "python"
    if (misfit := own.misfit(name, text=categorical)) is not None:
        raise StepFailed(f"`preprocess.columns`: {misfit}")
    general = settings.categorical if categorical or own.categorical else settings.numeric
    return general.model_copy(update=own.given)


def numeric(estimator: Any, settings: NumericPreprocessing, rows: int, seed: int) -> Any:
    """Return the transformer of columns of numbers; `rows` are those that it will be fitted on."""
    impute, scale = settings.impute, settings.scale
    if impute == "auto":
        impute = "none" if takes_nulls(estimator) and settings.bins is None else "median"
    if scale == "auto":
        scale = "standard" if wants_scale(estimator) and settings.bins is None else "none"
    steps: list[tuple[str, Any]] = []
    if isinstance(impute, Constant):
        steps.append(("impute", SimpleImputer(strategy="constant", fill_value=impute.constant)))
    elif impute != "none":
        steps.append(("impute", SimpleImputer(strategy=impute)))
    match scale:
        case "none":
            pass
        case "standard":
            steps.append(("scale", StandardScaler()))
        case "minmax":
            steps.append(("scale", MinMaxScaler()))
        case "maxabs":
            steps.append(("scale", MaxAbsScaler()))
        case "robust":
            steps.append(("scale", RobustScaler()))
        case "log1p":
            steps.append(("scale", FunctionTransformer(np.log1p, feature_names_out="one-to-one")))
        case "quantile":
            quantiles = min(_QUANTILES, rows)
            steps.append(("scale", QuantileTransformer(n_quantiles=quantiles, random_state=seed)))
        case "power":
            steps.append(("scale", PowerTransformer()))
        case _:
            assert_never(scale)
    if settings.bins is not None:
        bins = KBinsDiscretizer(
            settings.bins,
            encode="onehot-dense",
            quantile_method="averaged_inverted_cdf",
            subsample=None,
        )
        steps.append(("bins", bins))
    return chain(steps)


def categorical(estimator: Any, settings: CategoricalPreprocessing, seed: int, *, native: bool) -> Any:
    """Return the transformer of columns of categories; `native` ones are for scikit-learn's histogram boosting."""
    steps: list[tuple[str, Any]] = []
    if settings.impute == "most_frequent":
        steps.append(("impute", SimpleImputer(strategy="most_frequent")))
    elif isinstance(settings.impute, Constant):
        steps.append(("impute", SimpleImputer(strategy="constant", fill_value=settings.impute.constant)))
    encode = settings.encode
    if encode == "auto":
        encode = "ordinal" if native or codes_categories(estimator) else "onehot"
    match encode:
        case "ordinal":
            nulls = native or takes_nulls(estimator) or settings.impute == "none"
            steps.append(("encode", _ordinal(settings, nulls=nulls)))
        case "target":
            folds = (KFold if is_regressor(estimator) else StratifiedKFold)(
                5, shuffle=True, random_state=seed
            )
            kind = "continuous" if is_regressor(estimator) else "auto"
            steps.append(("encode", TargetEncoder(target_type=kind, cv=folds)))
        case "onehot":
            unknown = "ignore" if settings.max_categories is None else "infrequent_if_exist"
            onehot = OneHotEncoder(
                handle_unknown=unknown,
                max_categories=settings.max_categories,
                sparse_output=not dense(estimator),
            )
            steps.append(("encode", onehot))
        case _:
            assert_never(encode)
    return chain(steps)


def dense(estimator: Any) -> bool:
    """Whether an estimator gets a dense matrix: what takes NaN may take a zero that is not written for one."""
    return takes_nulls(estimator) or not takes_sparse(estimator)


def _ordinal(settings: CategoricalPreprocessing, *, nulls: bool) -> OrdinalEncoder:
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan if nulls else UNKNOWN,
        encoded_missing_value=np.nan if nulls else MISSING,
        max_categories=settings.max_categories,
    )


def chain(steps: list[tuple[str, Any]]) -> Any:
    """Return the transformer that carries out the steps, in their order."""
    match steps:
        case []:
            return "passthrough"
        case [(_, only)]:
            return only
        case _:
            return Pipeline(steps)
