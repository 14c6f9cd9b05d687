"""Train: fit preprocessing and estimator on the train part, and save them with the model's signature."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.learning.estimators import make_estimator
from mlopsc.runtime.learning.fitted import user_modules
from mlopsc.runtime.learning.frames import (
    Feature,
    features_of,
    read_features,
    read_label,
    read_rows,
    read_schema,
)
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.learning.scoring import Values, class_labels, one_line
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.runtime.models.archive import save_model
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.estimators import CustomEstimator
from mlopsc.vocabulary.operations import Train


def run(config: Train, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the fitted model. Raises StepFailed when a feature, the label or the parameters do not fit."""
    train = inputs["train"]
    features = features_of(read_schema(train), config.features)
    label = read_label(train)
    if not len(label):
        raise StepFailed(
            f"the train part of {config.training!r} has no rows: widen the split or the population"
        )
    estimator = make_estimator(config.estimator, config.params, config.seed, context.project)
    label = _suited(label, estimator, config)
    table = read_features(train, features)
    model = _pipeline(config, estimator, table, features, context)
    try:
        with steady_sums(context.threads):
            model.fit(table, label)
    except Exception as error:  # scikit-learn's and the user's: the message has to name the training
        raise StepFailed(
            f"training {config.training!r}: {type(estimator).__name__} could not be fitted: "
            f"{type(error).__name__}: {one_line(error)}"
        ) from error
    save_model(
        outputs["model"],
        model,
        _signature(config, features, label, model),
        read_rows(train),
        trusted=user_modules(config.functions(), context.project),
    )


def _pipeline(
    config: Train, estimator: Any, table: pd.DataFrame, features: tuple[Feature, ...], context: Context
) -> Pipeline:
    if config.preprocess.python is None:
        kinds = {feature.name: feature.kind for feature in features}
        return make_pipeline(estimator, table, kinds, config.preprocess)
    function = load(resolve_reference(config.preprocess.python), context.project)
    return Pipeline([("preprocess", function(list(config.features))), ("estimator", estimator)])


def _suited(label: Values, estimator: Any, config: Train) -> Values:
    """Return the label as the estimator wants it: numbers for a regressor, at least two classes otherwise."""
    if is_regressor(estimator):
        if label.dtype == object:
            raise StepFailed(
                f"training {config.training!r}: the label {config.label!r} is text, "
                f"and {type(estimator).__name__} is a regressor: expected numbers"
            )
        return label.astype(np.float64)
    if is_classifier(estimator) and len(np.unique(label)) < 2:
        raise StepFailed(
            f"training {config.training!r}: the label {config.label!r} has one value only in the train part, "
            f"{label[:1].tolist()[0]!r}: there is nothing to tell apart"
        )
    return label


def _signature(config: Train, features: tuple[Feature, ...], label: Values, model: Any) -> dict[str, Any]:
    classes = class_labels(model)
    own = config.estimator
    return {
        "features": [{"name": one.name, "kind": one.kind, "type": one.type} for one in features],
        "label": config.label,
        "label_kind": label_kind(label),
        "task": "regression" if classes is None else "classification",
        "classes": None if classes is None else classes.tolist(),
        "estimator": own.python if isinstance(own, CustomEstimator) else own,
        "params": config.params,
        "seed": config.seed,
        "rows": len(label),
    }


def label_kind(label: Values) -> str:
    """Return `boolean`, `numeric` or `string`."""
    return {"b": "boolean", "O": "string"}.get(label.dtype.kind, "numeric")
