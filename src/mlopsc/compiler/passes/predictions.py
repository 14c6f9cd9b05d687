"""Some pipelines have parameters of their own: none that the spec declares may mean something else in them."""

from collections.abc import Iterator
from typing import Any

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.document import Path
from mlopsc.spec.features import TimedView
from mlopsc.vocabulary.online import MATERIALIZE, UNTIL
from mlopsc.vocabulary.predicting import INPUT, VERSION, predict_pipeline
from mlopsc.vocabulary.references import referenced


def check_predictions(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield declared parameters that a predict pipeline takes, and that are called as one of its own."""
    document = analysis.spec.document
    for name in (INPUT, VERSION):
        if name not in analysis.spec.parameters:
            continue
        for model_name, model in analysis.spec.entries("registry"):
            user = next(
                (path for path in _read(analysis, model.training) if _names(analysis, path, name)), None
            )
            if user is not None:
                yield report(
                    "MLC208",
                    f"'{name}' is already a parameter of the pipeline '{predict_pipeline(model_name)}'",
                    document.key_span(("parameters", name)),
                    help="give the parameter another name",
                    labels=[Label(document.key_span(user), "it is used here, for predictions too")],
                )
                break
    if UNTIL in analysis.spec.parameters:
        yield from _until(analysis)


def _until(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield a declared parameter that has the name of the one that says as of when features are served."""
    document = analysis.spec.document
    views = [view.table for _, view in analysis.spec.entries("features") if isinstance(view, TimedView)]
    user = next((path for path in _made_of(analysis, views) if _names(analysis, path, UNTIL)), None)
    if user is not None:
        yield report(
            "MLC208",
            f"'{UNTIL}' is already a parameter of the pipeline '{MATERIALIZE}'",
            document.key_span(("parameters", UNTIL)),
            help="give the parameter another name",
            labels=[Label(document.key_span(user), "it is used here, for features that are served too")],
        )


def _read(analysis: Analysis, training: str) -> Iterator[Path]:
    """Yield the places in the spec that a training's predictions are made by."""
    declared = analysis.spec.training.get(training)
    if declared is None:
        return
    yield ("training", training, "entities", "where")
    yield from _made_of(analysis, [view.table for _, view in analysis.timed_views(declared)])


def _made_of(analysis: Analysis, waiting: list[str]) -> Iterator[Path]:
    """Yield the entries of tables and of all that they are made of."""
    seen: set[str] = set()
    while waiting:
        table = waiting.pop()
        if table not in seen:
            seen.add(table)
            yield ("datasets" if table in analysis.spec.datasets else "features", table)
            waiting += analysis.needs(table)


def _names(analysis: Analysis, path: Path, parameter: str) -> bool:
    value: Any = analysis.spec.document.value
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return parameter in referenced(value)
