"""What a training says of the fit beyond estimator and parameters: does it suit the estimator and the label."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.catalogue import EstimatorInfo
from mlopsc.compiler.passes.columns import column_type
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.training import Training
from mlopsc.vocabulary.columns import is_numeric
from mlopsc.vocabulary.deciding import Threshold
from mlopsc.vocabulary.evaluation import BinaryCosts
from mlopsc.vocabulary.metrics import value_metrics


def check_fitting(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield weights, calibration, thresholds and refits that nothing can have or that do nothing."""
    yield from _refits(analysis)
    for name, training in analysis.spec.entries("training"):
        if not _asks(training):
            continue
        info = analysis.estimator(training)
        if training.class_weight is not None:
            yield from _class_weight(analysis, name, training, info)
        if training.sample_weight is not None:
            yield from _takes_weights(analysis, name, info, "sample_weight")
            yield from _number(analysis, name, training, training.sample_weight)
        if training.calibrate is not None:
            yield from _gives_scores(analysis, name, info, "calibrate", "MLC325")
        if training.threshold is not None:
            yield from _gives_scores(analysis, name, info, "threshold", "MLC326")
            yield from _threshold(analysis, name, training, training.threshold, info)


def _refits(analysis: Analysis) -> Iterator[Diagnostic]:
    for name, training in analysis.spec.entries("training"):
        named = [
            model for model in analysis.spec.registry.values() if model is None or model.training == name
        ]
        if training.refit and not named:
            yield report(
                "MLC124",
                f"`refit` would do nothing: no model of `registry` comes from '{name}'",
                analysis.spec.document.key_span(("training", name, "refit")),
                help=f"register one, `registry: {{NAME: {{training: {name}, stages: …}}}}`, or leave `refit` out",
            )


def _asks(training: Training) -> bool:
    asked = (training.class_weight, training.sample_weight, training.calibrate, training.threshold)
    return any(one is not None for one in asked)


def _gives_scores(
    analysis: Analysis, name: str, info: EstimatorInfo | None, key: str, code: str
) -> Iterator[Diagnostic]:
    if info is None or info.kind not in ("classifier", "regressor"):
        return
    if info.kind == "regressor":
        message, help = f"`{key}` is for classifiers, but {_short(info)} is a regressor", "a classifier"
    elif not (info.predict_proba or info.decision_function):
        message = f"`{key}` needs probabilities or scores, and {_short(info)} gives neither"
        help = "an estimator with `predict_proba`"
    else:
        return
    yield report(
        code,
        message,
        analysis.spec.document.key_span(("training", name, key)),
        help=f"leave it out, or use {help}",
        labels=[_estimator_label(analysis, name)],
    )


def _threshold(
    analysis: Analysis,
    name: str,
    training: Training,
    rule: Threshold,
    info: EstimatorInfo | None,
) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name, "threshold")
    labels = _known_labels(analysis, name, training)
    if labels is not None and len(labels) != 2:
        yield report(
            "MLC326",
            f"a threshold parts two classes, the label has {len(labels)}",
            document.key_span(place),
            help="compare the label with one of them: `label: \"outcome = 'late'\"`",
            labels=[Label(document.value_span(("training", name, "entities", "label")), "the label")],
        )
    if rule.value is not None and info is not None and info.predict_proba and not 0 < rule.value < 1:
        yield report(
            "MLC326",
            f"{_short(info)} gives probabilities: expected a threshold between 0 and 1, found {rule.value:g}",
            document.value_span((*place, "value")),
            help="probabilities are shares: 0.3 for 30 %",
        )
    if rule.maximize is None:
        return
    span = document.value_span((*place, "maximize"))
    worth = [metric.name for metric in value_metrics(training.cost_matrix)]
    if rule.maximize in worth:
        if not isinstance(training.cost_matrix, BinaryCosts):
            yield report(
                "MLC326",
                "a threshold parts two classes, and the cost matrix is one of several",
                span,
                help="say what true and false positives and negatives are worth",
                labels=[Label(document.key_span(("training", name, "cost_matrix")), "the cost matrix")],
            )
    elif (scorer := analysis.catalogue.scorer(rule.maximize)) is None:
        found = analysis.catalogue.suggest_scorer(rule.maximize)
        help = f"did you mean '{found}'?" if found else "scorers of decisions are f1, balanced_accuracy, …"
        if rule.maximize.startswith("value_"):
            help = "declare the training's `cost_matrix`, which adds it"
        yield report("MLC310", f"scikit-learn has no scorer '{rule.maximize}'", span, help=help)
    elif scorer.needs != "predict" or scorer.task not in ("binary", "classification"):
        yield report(
            "MLC326",
            f"'{rule.maximize}' does not depend on a threshold between two classes",
            span,
            help="scorers of decisions are f1, balanced_accuracy, matthews_corrcoef, …",
        )


def _class_weight(
    analysis: Analysis, name: str, training: Training, info: EstimatorInfo | None
) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name, "class_weight")
    if info is not None and info.kind == "regressor":
        yield report(
            "MLC323",
            f"`class_weight` is for classifiers, but {_short(info)} is a regressor",
            document.key_span(place),
            help="leave it out, or use a classifier",
            labels=[_estimator_label(analysis, name)],
        )
        return
    if "class_weight" in training.params:
        yield report(
            "MLC323",
            "the weights of classes are given twice",
            document.key_span(place),
            help="leave one of the two out",
            labels=[Label(document.key_span(("training", name, "params", "class_weight")), "here too")],
        )
    elif info is not None and "class_weight" not in info.params:
        yield from _takes_weights(analysis, name, info, "class_weight")
    labels = _known_labels(analysis, name, training)
    if isinstance(training.class_weight, dict) and labels is not None:
        for word in training.class_weight:
            if word not in labels:
                yield report(
                    "MLC323",
                    f"no label is '{word}'",
                    document.key_span((*place, word)),
                    help=did_you_mean(word, labels, noun="labels are"),
                    labels=[Label(document.value_span(("training", name, "entities", "label")), "the label")],
                )


def _number(analysis: Analysis, name: str, training: Training, column: str) -> Iterator[Diagnostic]:
    kind = column_type(analysis, training.entities.table, column)
    if kind is not None and not is_numeric(kind):
        yield report(
            "MLC302",
            f"column '{column}' is {kind}, a weight is a number",
            analysis.spec.document.value_span(("training", name, "sample_weight")),
            help="name a column of numbers that are not negative",
        )


def _takes_weights(
    analysis: Analysis, name: str, info: EstimatorInfo | None, key: str
) -> Iterator[Diagnostic]:
    if info is not None and info.kind in ("classifier", "regressor") and not info.sample_weight:
        yield report(
            "MLC324",
            f"{_short(info)} takes no weights when it is fitted, so `{key}` would do nothing",
            analysis.spec.document.key_span(("training", name, key)),
            help="leave it out, or use an estimator whose `fit` has `sample_weight`",
            labels=[_estimator_label(analysis, name)],
        )


def _known_labels(analysis: Analysis, name: str, training: Training) -> tuple[str, ...] | None:
    """Return the labels as text, where the spec tells them: true and false, or the values that a column may have."""
    kind, columns = analysis.labels.get(name, (None, frozenset()))
    if kind == "bool":
        return ("true", "false")
    entities = training.entities
    if entities.dataset is None or columns != {entities.label}:
        return None
    column = analysis.dataset(entities.dataset).columns.get(entities.label)
    if column is None or column.allowed is None:
        return None
    return tuple(str(value) for value in column.allowed)


def _short(info: EstimatorInfo) -> str:
    return info.path.rpartition(".")[2]


def _estimator_label(analysis: Analysis, name: str) -> Label:
    return Label(analysis.spec.document.value_span(("training", name, "estimator")), "the estimator")
