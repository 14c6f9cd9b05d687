"""What a training is exported as: whether models like its are known to have a converter."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.timed_views import feature_kinds
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.training import Training
from mlopsc.vocabulary.estimators import CustomEstimator, booster_library
from mlopsc.vocabulary.exports import NOT_AS_ONNX, wrongly_converted

WITHOUT_CONVERTER = frozenset(
    {
        "sklearn.compose.TransformedTargetRegressor",
        "sklearn.cross_decomposition.CCA",
        "sklearn.cross_decomposition.PLSCanonical",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.kernel_ridge.KernelRidge",
        "sklearn.model_selection.FixedThresholdClassifier",
        "sklearn.multiclass.OutputCodeClassifier",
        "sklearn.multioutput.ClassifierChain",
        "sklearn.multioutput.RegressorChain",
        "sklearn.neighbors.NearestCentroid",
        "sklearn.semi_supervised.LabelPropagation",
        "sklearn.semi_supervised.LabelSpreading",
        "sklearn.semi_supervised.SelfTrainingClassifier",
    }
)
"""Classifiers and regressors of scikit-learn that skl2onnx does not know; a test compares."""
NATIVE = frozenset(f"sklearn.ensemble.HistGradientBoosting{kind}" for kind in ("Classifier", "Regressor"))
"""Estimators that take categories as they are."""
_SHOWN = 3


def check_exports(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield exports of models that ONNX cannot hold, as far as the training's keys tell."""
    for name, training in analysis.spec.entries("training"):
        if training.onnx is None:
            continue
        for message, key, help in (*_against(training), *_native(analysis, training)):
            document = analysis.spec.document
            yield report(
                "MLC352",
                message,
                document.key_span(("training", name, "export", "onnx")),
                help=help,
                labels=[Label(document.key_span(("training", name, *key)), "here")],
            )


def _against(training: Training) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield what keeps a training from ONNX, the key that says it, and what to do."""
    if training.for_each is not None:
        yield "ONNX cannot hold a model for each segment", ("for_each",), NOT_AS_ONNX["for_each"]
    if training.calibrate is not None:
        yield "ONNX's converter gets calibrated models wrong", ("calibrate",), NOT_AS_ONNX["calibrate"]
    estimator = training.estimator
    if isinstance(estimator, CustomEstimator):
        if estimator.loader is not None:
            what = f"'{estimator.python}' saves its model by itself, in a form that has no converter"
            yield what, ("estimator", "loader"), NOT_AS_ONNX["loader"]
        return
    called = estimator.rpartition(".")[2]
    if estimator in WITHOUT_CONVERTER:
        yield (
            f"{called} has no converter to ONNX",
            ("estimator",),
            "use another estimator, or leave `export` out",
        )
    library = booster_library(estimator)
    wrong = None if library is None else wrongly_converted(library, training.params)
    if wrong is not None:
        key = wrong.partition(":")[0]
        what = f"ONNX's converter does not know {called} with `{wrong}`, or gets it wrong"
        yield what, ("params", key), "leave it out, or leave `export` out"


def _native(analysis: Analysis, training: Training) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield the categories that the estimator would take as they are: their encoding has to be said."""
    estimator, settings = training.estimator, training.preprocess
    if not isinstance(estimator, str) or estimator not in NATIVE:
        return
    kinds = feature_kinds(analysis, training)
    left = [name for name, kind in kinds.items() if settings.leaves_encoding(name, text=kind == "string")]
    if left:
        called, features = estimator.rpartition(".")[2], ", ".join(map(repr, left[:_SHOWN]))
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        what = f"ONNX's converter gets native categories of {called} wrong, which {features}{more} would be"
        yield what, ("estimator",), "say `preprocess: {categorical: {encode: ordinal}}`"
