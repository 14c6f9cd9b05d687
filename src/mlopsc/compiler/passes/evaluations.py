"""What an evaluation is asked for: slices of columns that there are and suit, intervals and costs that fit the task."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.columns import column_type
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.passes.timed_views import feature_kinds
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.document import Path
from mlopsc.spec.training import Training
from mlopsc.vocabulary.columns import is_numeric
from mlopsc.vocabulary.evaluation import Slice
from mlopsc.vocabulary.metrics import metric_name, value_metrics


def check_evaluations(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield what is asked of an evaluation that it cannot give."""
    for name, training in analysis.spec.entries("training"):
        yield from _slices(analysis, name, training)
        yield from _of_classes(analysis, name, training)


def _slices(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    document, table, seen = analysis.spec.document, training.entities.table, dict[str, int]()
    for index, entry in enumerate(training.divisions):
        path: Path = ("training", name, "slices", index)
        if entry.called in seen:
            first = document.value_span((*path[:-1], seen[entry.called]))
            yield report(
                "MLC208",
                f"slices '{entry.called}' come twice",
                document.value_span(path),
                help="leave one out, or give one a `name`",
                labels=[Label(first, "first here")],
            )
        seen[entry.called] = index
        if entry.sql is not None:
            if table in analysis.bindable:
                sampled = sample_sql(entry.sql, analysis.spec.parameters)
                bound = analysis.binder.bind_where(sampled.text, table)
                if isinstance(bound, list):
                    yield from sql_faults(analysis, bound, (*path, "sql"), sampled, table)
            continue
        for column in entry.read:
            yield from _suits(analysis, training, entry, column, path)


def _suits(
    analysis: Analysis, training: Training, entry: Slice, column: str, path: Path
) -> Iterator[Diagnostic]:
    kinds = feature_kinds(analysis, training)
    kind = kinds[column] if column in kinds else column_type(analysis, training.entities.table, column)
    if kind is None:
        return
    span = analysis.spec.document.value_span(path)
    divided = entry.bins is not None or entry.quantiles is not None
    if divided and not is_numeric(kind):
        yield report(
            "MLC340", f"'{column}' is {kind}, and bins divide numbers", span, help="leave out the bins"
        )
    elif kind in ("nested", "binary"):
        yield report(
            "MLC340", f"'{column}' is {kind}: its values make no slices", span, help="slice by a plain column"
        )
    elif not divided and kind.startswith(("float", "decimal")):
        yield report(
            "MLC340",
            f"'{column}' is {kind}: each of its many values would be a slice",
            span,
            help=f"divide it: `{{column: {column}, quantiles: 4}}`, or by `bins`",
        )


def _of_classes(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    document, place = analysis.spec.document, ("training", name)
    taken = {metric_name(metric): at for at, metric in enumerate(training.metrics)}
    for metric in value_metrics(training.cost_matrix):
        if metric.name in taken:
            yield report(
                "MLC208",
                f"metric '{metric.name}' comes twice",
                document.value_span((*place, "metrics", taken[metric.name])),
                help="leave it out: `cost_matrix` adds it",
                labels=[Label(document.key_span((*place, "cost_matrix")), "adds it")],
            )
    stratified = training.intervals is not None and training.intervals.stratified
    if training.cost_matrix is None and not stratified:
        return
    info = analysis.estimator(training)
    if info is None or info.kind != "regressor":
        return
    label = [Label(document.value_span((*place, "estimator")), "a regressor")]
    if training.cost_matrix is not None:
        yield report(
            "MLC341",
            "a cost matrix gives decisions between classes a value, and the estimator predicts numbers",
            document.key_span((*place, "cost_matrix")),
            help="use a metric of your own: `{name: …, python: module:function}`",
            labels=label,
        )
    if stratified:
        yield report(
            "MLC341",
            "stratified resamples keep the number of rows of each class, and the label is a number",
            document.key_span((*place, "intervals", "stratified")),
            help="leave out `stratified`",
            labels=label,
        )
