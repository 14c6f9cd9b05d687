"""Leakage that the spec shows, told at the features that it comes in by, but for what a training accepts."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.leakage.features import check_column, check_view
from mlopsc.compiler.passes.leakage.goal import Feature, Goal
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.features import RowView, TimedView
from mlopsc.spec.training import Training
from mlopsc.vocabulary.aggregates import aggregates_of


def check_leakage(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield leaks at the features that they come in by, but for what a training accepts."""
    for name, training in analysis.spec.entries("training"):
        if training.entities.table in analysis.bindable and name not in analysis.labels:
            continue  # its label is at fault, and what is said of the rest might follow from that
        found = [*_features(analysis, name, training), *_split(analysis, name, training)]
        yield from (one for one in found if one.code not in training.accept)
        told = {one.code for one in found}
        for code in training.accept:
            if code not in told and name in analysis.labels:
                yield report(
                    "MLC403",
                    f"nothing of training '{name}' is {code}",
                    analysis.spec.document.key_span(("training", name, "accept", code)),
                    help="remove it",
                )
        yield from _allowed(analysis, name, training)


def _features(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    document, table = analysis.spec.document, training.entities.table
    _, columns = analysis.labels.get(name, ("", frozenset[str]()))
    # A label of later rows is no leak in the row that it is joined to.
    present = (c for c in columns if all(one.kind != "later" for one in analysis.elsewhere(table, c)))
    goal = Goal(
        table,
        columns,
        frozenset(base for column in present for base in analysis.bases(table, column)),
        Label(document.value_span(("training", name, "entities", "label")), "the label"),
        document.key_span(("training", name, "entities")),
    )
    for index, feature in enumerate(training.features):
        span = document.value_span(("training", name, "features", index))
        view = analysis.spec.features.get(feature)
        if isinstance(view, TimedView):
            used, time = _used(analysis, view), view.event_time or analysis.event_time(view.table)
            yield from check_view(analysis, goal, Feature(feature, view.table, used, span, view, time), view)
        elif isinstance(view, RowView):
            schema = analysis.schemas.get(table)
            for column in view.rows:
                if schema is not None and column in schema.columns:
                    yield from check_column(analysis, goal, Feature(column, table, (column,), span))
        else:
            yield from check_column(analysis, goal, Feature(feature, table, (feature,), span))


def _used(analysis: Analysis, view: TimedView) -> tuple[str, ...]:
    """Return the columns that a view's features are made of, and those that its conditions choose rows by."""
    used = dict.fromkeys(column for columns in view.reads.values() for column in columns)
    conditions = {view.where, *(one.where for one in aggregates_of(view.aggregates or {}))}
    if view.table in analysis.bindable:
        for condition in sorted(filter(None, conditions)):
            bound = analysis.binder.bind_where(
                sample_sql(condition, analysis.spec.parameters).text, view.table
            )
            used |= {} if isinstance(bound, list) else dict.fromkeys(use.column for use in bound.columns)
    return tuple(used)


def _split(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    """Yield whether chance divides rows that share an entity."""
    table = analysis.schemas.get(training.entities.table)
    keys = analysis.repeated_keys(training)
    timed = not analysis.lacks_event_time(training.entities.table)
    if keys and timed and table is not None and table.columns.keys() >= set(keys):
        document, place = analysis.spec.document, ("training", name, "split")
        listed = ", ".join(f"'{key}'" for key in keys)
        yield report(
            "MLC416",
            f"a {training.split.type} split puts rows of one {listed} into both parts, "
            "and trains on rows later than those it tests",
            document.value_span(place),
            help=f"split by `time`, or `{{type: group, by: {keys[0]}}}`",
        )


def _allowed(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    """Yield exceptions from the look at the data that are no features."""
    known = {column for feature in training.features for column in _names(analysis, feature)}
    for index, column in enumerate(training.leakage.allow):
        if column not in known:
            yield report(
                "MLC202",
                f"'{column}' is no feature of training '{name}'",
                analysis.spec.document.value_span(("training", name, "leakage", "allow", index)),
                help=did_you_mean(column, known),
            )


def _names(analysis: Analysis, feature: str) -> tuple[str, ...]:
    view = analysis.spec.features.get(feature)
    if isinstance(view, RowView):
        return tuple(view.columns)
    return view.names if isinstance(view, TimedView) else (feature,)
