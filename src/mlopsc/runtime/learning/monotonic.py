"""Monotonic constraints by the names of features, as the estimator wants them: by position of what it is given."""

from collections.abc import Mapping

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.boosting import library_of
from mlopsc.runtime.learning.frames import Kind
from mlopsc.runtime.learning.scoring import Values
from mlopsc.vocabulary.estimators import MONOTONIC
from mlopsc.vocabulary.preprocessing import Preprocessing


def with_constraints(
    pipeline: Pipeline, kinds: Mapping[str, Kind], settings: Preprocessing, table: pd.DataFrame, label: Values
) -> None:
    """Set each constraint of an unfitted pipeline that is a map by feature, in any part of it, as a list by position.

    How many columns preprocessing makes is known once it is fitted: where there are constraints, a clone is. A user's
    own preprocessing keeps the map. Raises StepFailed for names that are no features, and features that do not reach
    the estimator as one column of numbers.
    """
    given = {
        name: value
        for name, value in pipeline.get_params(deep=True).items()
        if name.rpartition("__")[2] in MONOTONIC and isinstance(value, Mapping)
    }
    if not given or settings.python is not None:
        return
    for name in {feature for value in given.values() for feature in value}:
        if name not in kinds:
            raise StepFailed(f"a monotonic constraint names {name!r}, which is not a feature")
        if not settings.keeps_order(name, text=kinds[name] == "string"):
            raise StepFailed(
                f"a monotonic constraint on {name!r}, which is no number when the estimator sees it"
            )
    transformer = clone(pipeline.named_steps["preprocess"]).fit(table, label)
    positions = {
        column: transformer.output_indices_[part].start + number
        for part, _, columns in transformer.transformers_
        if part not in ("remainder", "missing")
        for number, column in enumerate(columns)
        if column in table.columns and settings.keeps_order(column, text=kinds[column] == "string")
    }
    width = max(span.stop for span in transformer.output_indices_.values())
    for name, by_feature in given.items():
        signs = [0] * width
        for feature, sign in by_feature.items():
            if feature in positions:  # a column without values is left out
                signs[positions[feature]] = sign
        xgboost = library_of(pipeline.named_steps["estimator"]) == "xgboost"
        pipeline.set_params(**{name: f"({','.join(map(str, signs))})" if xgboost else signs})
