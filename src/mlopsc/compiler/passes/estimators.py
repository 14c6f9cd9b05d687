"""Estimators, their parameters and metrics exist in scikit-learn or a booster's library, and suit the label."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.catalogue import Catalogue, EstimatorInfo
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.document import Path
from mlopsc.spec.training import Training
from mlopsc.vocabulary.metrics import metric_name
from mlopsc.vocabulary.references import referenced, substitute
from mlopsc.vocabulary.splits import StratifiedSplit

_PREPARED = ("preprocess", "sample_weight", "class_weight")
"""What is done for estimators before or in their fit, and not for functions that train by themselves."""
_DISCRETE = ("string", "bool")
_TASKS = {"binary": "classification", "multilabel": "classification"}


def check_estimators(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield estimators, parameters and metrics that do not exist or do not go together."""
    for name, training in analysis.spec.entries("training"):
        estimator = analysis.estimator(training)
        yield from _exists(analysis, name, training, estimator)
        yield from _metrics(analysis, name, training, estimator)
        yield from _label(analysis, name, training, estimator)


def _exists(
    analysis: Analysis, name: str, training: Training, info: EstimatorInfo | None
) -> Iterator[Diagnostic]:
    path = training.estimator
    document, place = analysis.spec.document, ("training", name)
    if not isinstance(path, str):
        if path.loader is not None:
            for key in _PREPARED:
                if getattr(training, key) != Training.model_fields[key].default:
                    message = (
                        f"`{key}` does not go with a loader: '{path.python}' gets the features as they are"
                    )
                    help = f"leave it out, and do it in {path.python.partition(':')[2]}"
                    yield report("MLC320", message, document.key_span((*place, key)), help=help)
        return
    span = document.value_span((*place, "estimator"))
    library = path.partition(".")[0]
    called = "scikit-learn" if library == "sklearn" else library
    if library not in analysis.catalogue.releases:
        yield report(
            "MLC309",
            f"'{path}' is no estimator of scikit-learn, XGBoost or LightGBM",
            span,
            help=_suggestion(analysis.catalogue, path)
            or "for one of your own: `estimator: {python: module:function}`",
        )
        return
    if info is None:
        help = (
            _suggestion(analysis.catalogue, path) or f"known: {called} {analysis.catalogue.releases[library]}"
        )
        yield report("MLC309", f"{called} has no estimator '{path}'", span, help=help)
        return
    if info.kind not in ("classifier", "regressor"):
        yield report(
            "MLC309",
            f"'{path}' is a {info.kind}",
            span,
            help="a training needs a classifier or a regressor",
        )
        return
    given = {key: value for key, value in training.params.items() if not _is_part(key, info)}
    varying = {key for key, value in given.items() if referenced(value)}
    settled = {
        key: substitute(value, analysis.defaults)
        for key, value in given.items()
        if referenced(value) <= analysis.defaults.keys()
    }
    for fault in analysis.catalogue.check_params(path, settled):
        if fault.name in given and fault.name not in settled:
            continue  # a run decides
        if fault.name not in given and training.tune is not None and fault.name in training.tune.space:
            continue  # each trial draws it
        where: Path = (*place, "params", fault.name)
        if fault.name not in given:
            yield report("MLC312", fault.message, span)
            continue
        unknown = fault.name not in info.params
        near = f"did you mean '{fault.suggestion}'?" if fault.suggestion else None
        hint = "the parameter's default is what does not fit" if fault.name in varying else near
        yield report(
            "MLC311" if unknown else "MLC312",
            fault.message,
            document.key_span(where) if unknown else document.value_span(where),
            help=hint,
        )
    for param in given:
        if param in info.params and info.params[param].deprecated:
            yield report(
                "MLC409",
                f"scikit-learn is about to drop the parameter '{param}' of {path.rpartition('.')[2]}",
                document.key_span((*place, "params", param)),
                help="see the estimator's documentation for what takes its place",
            )


def _is_part(key: str, info: EstimatorInfo) -> bool:
    """Say whether a key sets a parameter of a part: `estimator__max_depth`."""
    head, separator, _ = key.partition("__")
    return bool(separator) and head in info.params


def _suggestion(catalogue: Catalogue, path: str) -> str | None:
    found = catalogue.suggest_estimator(path)
    return f"did you mean '{found}'?" if found else None


def _metrics(
    analysis: Analysis, name: str, training: Training, info: EstimatorInfo | None
) -> Iterator[Diagnostic]:
    document, seen = analysis.spec.document, dict[str, int]()
    for index, metric in enumerate(training.metrics):
        path: Path = ("training", name, "metrics", index)
        span = document.value_span(path)
        called = metric_name(metric)
        if called in seen:
            yield report(
                "MLC208",
                f"metric '{called}' comes twice",
                span,
                help="leave one out",
                labels=[Label(document.value_span((*path[:-1], seen[called])), "first here")],
            )
        seen[called] = index
        if not isinstance(metric, str):
            continue
        scorer = analysis.catalogue.scorer(metric)
        if scorer is None:
            found = analysis.catalogue.suggest_scorer(metric)
            yield report(
                "MLC310",
                f"scikit-learn has no scorer '{metric}'",
                span,
                help=f"did you mean '{found}'?"
                if found
                else "for one of your own: `{name: …, python: module:function}`",
            )
        elif info is not None and info.kind in ("classifier", "regressor"):
            regression = scorer.task == "regression"
            if scorer.task == "clustering" or regression != (info.kind == "regressor"):
                yield report(
                    "MLC308",
                    f"'{metric}' measures {_TASKS.get(scorer.task, scorer.task)}, "
                    f"but {info.path.rpartition('.')[2]} is a {info.kind}",
                    span,
                    help=_fitting(info),
                    labels=[Label(document.value_span(("training", name, "estimator")), "the estimator")],
                )
            elif scorer.needs == "proba" and not info.predict_proba:
                yield report(
                    "MLC308",
                    f"'{metric}' needs probabilities, which {info.path.rpartition('.')[2]} does not give",
                    span,
                    help="leave it out, or use an estimator with `predict_proba`",
                    labels=[Label(document.value_span(("training", name, "estimator")), "the estimator")],
                )
            elif scorer.positive_label and analysis.labels.get(name, ("", ()))[0] == "string":
                yield report(
                    "MLC308",
                    f"'{metric}' asks which class is the positive one, and the label is text",
                    span,
                    help="compare the label with that class: `label: \"outcome = 'late'\"`",
                    labels=[Label(document.value_span(("training", name, "entities", "label")), "the label")],
                )


def _fitting(info: EstimatorInfo) -> str:
    if info.kind == "regressor":
        return "for regression: r2, neg_root_mean_squared_error, neg_mean_absolute_error, …"
    return "for classification: roc_auc, average_precision, f1, accuracy, neg_log_loss, …"


def _label(
    analysis: Analysis, name: str, training: Training, info: EstimatorInfo | None
) -> Iterator[Diagnostic]:
    kind, _ = analysis.labels.get(name, (None, frozenset()))
    if kind is None:
        return
    document, place = analysis.spec.document, ("training", name)
    span = document.value_span((*place, "entities", "label"))
    if kind in ("timestamp", "date", "time", "binary", "nested"):
        yield report(
            "MLC308",
            f"the label is a {kind}: nothing learns that",
            span,
            help="make it a number, text, or true and false",
        )
        return
    if info is not None and info.kind == "regressor" and kind in _DISCRETE:
        yield report(
            "MLC308",
            f"the label is {'true or false' if kind == 'bool' else 'text'}, "
            f"but {info.path.rpartition('.')[2]} predicts numbers",
            span,
            help="use a classifier, or make the label a number",
            labels=[Label(document.value_span((*place, "estimator")), "the estimator")],
        )
    elif info is not None and info.kind == "classifier" and (kind.startswith(("float", "decimal"))):
        yield report(
            "MLC308",
            f"the label is {kind}, but {info.path.rpartition('.')[2]} predicts classes",
            span,
            help='compare it (`label: "x > 15"`) or cast it to an integer or text, or use a regressor',
            labels=[Label(document.value_span((*place, "estimator")), "the estimator")],
        )
    numeric = kind.startswith(("float", "decimal")) or (info is not None and info.kind == "regressor")
    if isinstance(training.split, StratifiedSplit) and numeric:
        yield report(
            "MLC313",
            "a stratified split needs classes, the label is a number",
            document.value_span((*place, "split")),
            help="split `random` or `time`",
        )
