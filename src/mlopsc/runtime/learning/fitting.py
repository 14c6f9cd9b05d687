"""Fitting: preprocessing and estimator of a training on labelled rows, the same for a model and for a trial of one."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.learning.estimators import make_estimator
from mlopsc.runtime.learning.frames import Feature, features_of, read_features, read_label, read_schema
from mlopsc.runtime.learning.holdout import Fold, hold_out, read_blocks
from mlopsc.runtime.learning.monotonic import with_constraints
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.learning.scoring import Values, class_labels, one_line
from mlopsc.runtime.learning.segment_places import places_of, wanted
from mlopsc.runtime.learning.segmented import SegmentedModel
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.runtime.learning.threshold import choose_threshold, positive_scores, require_classifier
from mlopsc.runtime.learning.weights import read_weights, require_weights, weigh_classes
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.deciding import Threshold
from mlopsc.vocabulary.estimators import CustomEstimator
from mlopsc.vocabulary.operations import Train
from mlopsc.vocabulary.preprocessing import ColumnPreprocessing


@dataclass(frozen=True)
class LabelledRows:
    """Rows to learn from, or to score on."""

    features: tuple[Feature, ...]
    table: pd.DataFrame
    label: Values
    weights: Values | None = None
    """How much each row counts in the fit; None where all count alike."""
    blocks: Values | None = None
    """Codes of groups, or times, where rows are held out by them (see `holdout`)."""

    def take(self, positions: npt.NDArray[np.intp]) -> "LabelledRows":
        """Return the rows at these positions, in their order."""
        table = self.table.iloc[positions].reset_index(drop=True)
        weights = None if self.weights is None else self.weights[positions]
        blocks = None if self.blocks is None else self.blocks[positions]
        return LabelledRows(self.features, table, self.label[positions], weights, blocks)

    def without(self, name: str) -> "LabelledRows":
        """Return the rows without a feature."""
        features = tuple(one for one in self.features if one.name != name)
        return replace(self, features=features, table=self.table.drop(columns=name))


def read_labelled(path: Path, config: Train) -> LabelledRows:
    """Return the rows of a split's part as a training sees them; raises StepFailed for an unfit feature, label
    or weight."""
    features = features_of(read_schema(path), config.features)
    weights = None if config.sample_weight is None else read_weights(path, config.sample_weight)
    blocks = None if config.split is None else read_blocks(path, config.split)
    return LabelledRows(features, read_features(path, features), read_label(path), weights, blocks)


def fit_model(
    config: Train, rows: LabelledRows, context: Context, settled: Sequence[float] | None = None
) -> Any:
    """Return preprocessing and estimator fitted on these rows and no others; calibrated, and with a threshold, where
    the training says so. Of a training for each segment that is a model of their models.

    `settled` are the thresholds of another model of this training (see `thresholds_of`), which are kept. Raises
    StepFailed when there are no rows, or parameters, label and estimator do not go together.
    """
    kept = iter(settled or ())
    if config.for_each is None:
        return _decided(_settled(config, kept), rows, context)
    column, values = config.for_each.column, config.for_each.values
    places = places_of(rows.table[column], values)
    models = []
    for place, value in enumerate(values):
        own = _settled(config.of_segment(value), kept)
        with about_segment(own):
            models.append(_decided(own, rows.take(np.flatnonzero(places == place)).without(column), context))
    if config.for_each.other != "pool":
        return SegmentedModel(column, values, models)
    return SegmentedModel(column, values, models, _decided(_settled(config.of_all(), kept), rows, context))


def thresholds_of(model: Any) -> tuple[float, ...]:
    """Return the threshold of a fitted model; of one for each segment those of all its models, the pooled one last."""
    parts = [model]
    if isinstance(model, SegmentedModel):
        parts = [*model.models, *([] if model.pooled is None else [model.pooled])]
    return tuple(float(part.threshold) for part in parts if isinstance(part, FixedThresholdClassifier))


@contextmanager
def about_segment(config: Train) -> Iterator[None]:
    """Let what fails say of which segment it is the training, if it is of one."""
    try:
        yield
    except StepFailed as error:
        if config.segment_by is None or config.segment is None:
            raise
        raise StepFailed(
            f"segment {config.segment_by} = {wanted([config.segment])}: {error}", help=error.help
        ) from error


def _settled(config: Train, kept: Iterator[float]) -> Train:
    """Return the training with the next of the thresholds that are kept, where it has one."""
    found = None if config.threshold is None else next(kept, None)
    return config if found is None else config.model_copy(update={"threshold": Threshold(value=found)})


def _decided(config: Train, rows: LabelledRows, context: Context) -> Any:
    model = _fit(config, rows, context)
    return (
        model if config.threshold is None else with_threshold(config, config.threshold, model, rows, context)
    )


def with_threshold(
    config: Train, rule: Threshold, model: Any, rows: LabelledRows, context: Context
) -> FixedThresholdClassifier:
    """Return a model, fitted on these rows, so that it decides by a threshold that the rule chooses on rows held out.

    Raises StepFailed when the model does not part two classes.
    """
    positive = positive_class(config, model)
    threshold = _threshold(config, rule, positive, rows, context)
    # Not fitted again: it decides by what the model says.
    return FixedThresholdClassifier(model, threshold=threshold, pos_label=positive)


def _fit(config: Train, rows: LabelledRows, context: Context) -> Any:
    if not len(rows.label):
        raise StepFailed(
            f"the train part of {config.training!r} has no rows: widen the split or the population"
        )
    estimator = make_estimator(config.estimator, config.params, config.seed, context.project, context.threads)
    for key, asked in (("calibrate", config.calibrate), ("threshold", config.threshold)):
        if asked is not None:
            require_classifier(estimator, key)
    label = _suited(rows.label, estimator, config)
    weights = _weights(config, estimator, rows, label)
    kinds = {feature.name: feature.kind for feature in rows.features}
    pipeline = _pipeline(config, estimator, rows, context)
    model: Any = pipeline
    if config.calibrate is not None:
        folds = _held_out(config, config.calibrate.held, rows)
        model = CalibratedClassifierCV(model, method=config.calibrate.method, cv=folds, ensemble=True)
        weights |= {} if rows.weights is None else {"sample_weight": rows.weights}
    try:
        with steady_sums(context.threads), warnings.catch_warnings():
            # The pipeline is told its weights by another argument.
            warnings.filterwarnings("ignore", "Since Pipeline does not appear to accept sample_weight")
            with_constraints(pipeline, kinds, config.preprocess, rows.table, label)
            model.fit(rows.table, label, **weights)
    except StepFailed:
        raise
    except Exception as error:  # scikit-learn's and the user's: the message has to name the training
        raise StepFailed(
            f"training {config.training!r}: {type(estimator).__name__} could not be fitted: "
            f"{type(error).__name__}: {one_line(error)}"
        ) from error
    if config.calibrate is not None:
        model.cv = None  # the folds' rows are no part of what was learned
    return model


def positive_class(config: Train, model: Any) -> Any:
    """Return the label that a threshold decides for; raises StepFailed when the model does not part two classes."""
    classes = class_labels(model)
    labels = [] if classes is None else classes.tolist()
    if len(labels) != 2:
        raise StepFailed(
            f"training {config.training!r}: a threshold parts two classes, the label has {len(labels)}",
            help="compare the label with one of them: `label: \"outcome = 'late'\"`, or leave `threshold` out",
        )
    return labels[1]


def _threshold(config: Train, rule: Threshold, positive: Any, rows: LabelledRows, context: Context) -> float:
    """Return the threshold that a rule chooses, on rows that models fitted like this one do not know."""
    if rule.value is not None:
        return rule.value
    asked = []
    for learned, held in _held_out(config, rule.held, rows):
        fitted = _fit(config, rows.take(learned), context)
        with steady_sums(context.threads):
            asked.append((held, positive_scores(fitted, rows.take(held).table)))
    held = np.concatenate([positions for positions, _ in asked])
    return choose_threshold(
        rule,
        rows.label[held] == positive,
        np.concatenate([scores for _, scores in asked]),
        None if rows.weights is None else rows.weights[held],
    )


def _held_out(config: Train, held: float, rows: LabelledRows) -> list[Fold]:
    assert config.split is not None, "a step that holds out rows is told the split"
    codes = np.unique(rows.label, return_inverse=True)[1]
    return hold_out(config.split, held, codes, rows.blocks, config.seed)


def _weights(config: Train, estimator: Any, rows: LabelledRows, label: Values) -> dict[str, Values]:
    """Return what the pipeline's `fit` is told of weights, those of the classes upon those of the rows."""
    weights, key = rows.weights, "sample_weight"
    if config.class_weight is not None:
        by_class = weigh_classes(estimator, config.class_weight, label, weights)
        if by_class is not None:
            weights, key = by_class if weights is None else weights * by_class, "class_weight"
    return {} if weights is None else {f"estimator__{require_weights(estimator, key)}": weights}


def _pipeline(config: Train, estimator: Any, rows: LabelledRows, context: Context) -> Pipeline:
    settings = config.preprocess
    if isinstance(config.estimator, CustomEstimator) and config.estimator.loader is not None:
        return Pipeline([("preprocess", "passthrough"), ("estimator", estimator)])  # it prepares rows itself
    if settings.python is not None:
        function = load(resolve_reference(settings.python), context.project)
        return Pipeline([("preprocess", function(list(config.features))), ("estimator", estimator)])
    kinds = {feature.name: feature.kind for feature in rows.features}
    own = {
        name: load(resolve_reference(one.python), context.project)([name])
        for name, one in settings.columns.items()
        if isinstance(one, ColumnPreprocessing) and one.python is not None
    }
    return make_pipeline(estimator, rows.table, kinds, settings, seed=config.seed, own=own)


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
