"""Preprocessing and monotonic constraints against a training's features: they are there, and it suits them."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.timed_views import FeatureKinds, feature_kinds
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.training import Training
from mlopsc.vocabulary.estimators import MONOTONIC


def check_preprocessing(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield what is said of a feature that is none, or that does not suit what it holds."""
    for name, training in analysis.spec.entries("training"):
        kinds = feature_kinds(analysis, training)
        yield from _names(analysis, name, training, kinds)
        yield from _settings(analysis, name, training, kinds)
        yield from _constraints(analysis, name, training, kinds)


def _names(analysis: Analysis, name: str, training: Training, kinds: FeatureKinds) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name, "preprocess")
    listed = enumerate(training.preprocess.categorical_columns)
    named = [
        *((column, document.value_span((*place, "categorical_columns", at))) for at, column in listed),
        *((column, document.key_span((*place, "columns", column))) for column in training.preprocess.columns),
    ]
    for column, span in named:
        if column not in kinds:
            yield report(
                "MLC202", f"'{column}' is not a feature of '{name}'", span, help=did_you_mean(column, kinds)
            )


def _settings(analysis: Analysis, name: str, training: Training, kinds: FeatureKinds) -> Iterator[Diagnostic]:
    for column, own in training.preprocess.columns.items():
        kind = kinds.get(column)
        if kind is None:
            continue
        span = analysis.spec.document.value_span(("training", name, "preprocess", "columns", column))
        text = kind == "string" or column in training.preprocess.categorical_columns
        if own == "passthrough":
            if kind == "string" and isinstance(training.estimator, str):
                yield report(
                    "MLC317",
                    f"'{column}' is text, which {training.estimator.rpartition('.')[2]} does not take",
                    span,
                    help="`encode` it, or leave it to `auto`",
                )
        elif (misfit := own.misfit(column, text=text)) is not None:
            yield report(
                "MLC317",
                misfit,
                span,
                help="for categories: `impute` (missing, most_frequent, a constant text), `encode`, `max_categories`"
                if text
                else "for numbers: `impute` (mean, median, a constant number), `indicator`, `scale`, `bins`",
            )


def _constraints(
    analysis: Analysis, name: str, training: Training, kinds: FeatureKinds
) -> Iterator[Diagnostic]:
    """Yield the faults of constraints that are maps by feature; a function of the user's has parameters of its own."""
    if not isinstance(training.estimator, str):
        return
    document, settings = analysis.spec.document, training.preprocess
    for key, value in training.params.items():
        if key.rpartition("__")[2] not in MONOTONIC or not isinstance(value, dict):
            continue
        for feature, sign in value.items():
            path: Path = ("training", name, "params", key, feature)
            kind = kinds.get(feature)
            if feature not in kinds and settings.python is None:
                message, help = f"'{feature}' is not a feature of '{name}'", did_you_mean(feature, kinds)
            elif settings.python is not None:
                message = "with `preprocess: {python: …}` it is not known where a feature stands"
                help = "declare preprocessing by kind and by name, or give the constraints as a list"
            elif not settings.keeps_order(feature, text=kind == "string"):
                message = f"'{feature}' is no number when the estimator sees it"
                help = "constrain features that are numbers, neither encoded nor put into bins"
            elif isinstance(sign, bool) or sign not in (-1, 0, 1):
                yield report(
                    "MLC318",
                    f"a monotonic constraint is 1, -1 or 0, found {sign!r}",
                    document.value_span(path),
                    help="1: the prediction may only rise with the feature; -1: only fall",
                )
                continue
            else:
                continue
            yield report("MLC318", message, document.key_span(path), help=help)
