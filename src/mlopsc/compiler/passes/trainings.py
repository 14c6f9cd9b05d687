"""Trainings against their tables: label and filter can be computed, features exist and can be learnt from."""

from collections.abc import Collection, Iterator

from mlopsc.compiler.analysis import Analysis, Schema
from mlopsc.compiler.auxiliary import asked_columns, feature_columns
from mlopsc.compiler.passes.columns import column_type, home, known_column
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.passes.timed_views import feature_types
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean, nearest
from mlopsc.spec.document import Path
from mlopsc.spec.features import RowView, TimedView
from mlopsc.spec.training import Training
from mlopsc.vocabulary.artifacts import RESERVED
from mlopsc.vocabulary.columns import from_duckdb, is_numeric
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit, TimeSplit


def check_trainings(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield what a training asks of its table that the table does not have; learn the types of labels."""
    for name, training in analysis.spec.entries("training"):
        table = training.entities.table
        if table in analysis.bindable:
            yield from _expressions(analysis, name, training)
        if (schema := analysis.schemas.get(table)) is not None:
            yield from _features(analysis, name, training, schema)
        yield from _asked(analysis, name, training)
        yield from _times_needed(analysis, name, training)


def _asked(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    features = feature_columns(analysis, training)
    for column, path in asked_columns(analysis, name, training):
        if column not in features and path[-1] != "sql":  # of SQL the binder tells, at the place in it
            yield from known_column(analysis, training.entities.table, column, path)


def _expressions(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    entities, place = training.entities, ("training", name, "entities")
    label = sample_sql(entities.label, analysis.spec.parameters)
    bound = analysis.binder.bind_expression(label.text, entities.table)
    if isinstance(bound, list):
        yield from sql_faults(analysis, bound, (*place, "label"), label, entities.table)
    else:
        used = frozenset(use.column for use in bound.columns)
        analysis.labels[name] = from_duckdb(bound.type), used
        if not used:
            yield report(
                "MLC305",
                "the label is the same for every row: it uses no column",
                analysis.spec.document.value_span((*place, "label")),
                help="name a column, or an expression over columns",
            )
    if entities.where is not None:
        where = sample_sql(entities.where, analysis.spec.parameters)
        bound = analysis.binder.bind_where(where.text, entities.table)
        if isinstance(bound, list):
            yield from sql_faults(analysis, bound, (*place, "where"), where, entities.table)


def _features(analysis: Analysis, name: str, training: Training, schema: Schema) -> Iterator[Diagnostic]:
    document, views = analysis.spec.document, analysis.spec.features
    table = training.entities.table
    taken: dict[str, int] = {}
    for index, feature in enumerate(training.features):
        path: Path = ("training", name, "features", index)
        span = document.value_span(path)
        if feature in views and feature in schema.columns:
            yield report(
                "MLC209",
                f"'{feature}' is both a view and a column of '{table}'",
                span,
                help="rename the view",
            )
        view = views.get(feature)
        if isinstance(view, TimedView):
            yield from _joined(analysis, training, feature, view, path)
            columns = view.names
            kinds = feature_types(analysis, view)
        elif isinstance(view, RowView):
            yield from _of_rows(analysis, table, feature, view, taken, path)
            columns, kinds = tuple(view.columns), dict(view.columns)
        elif feature in views:
            if view is not None:
                yield report(
                    "MLC202",
                    f"view '{feature}' makes a table, not features",
                    span,
                    help="use it as the training's `entities: {view: …}`, or in a view with `entity` and `columns`",
                )
            continue
        else:
            columns, kinds = (feature,), {feature: column_type(analysis, table, feature)}
            if schema.complete and feature not in schema.columns:
                known = [
                    *schema.columns,
                    *(n for n, v in analysis.spec.entries("features") if isinstance(v, TimedView | RowView)),
                ]
                yield report(
                    "MLC202",
                    f"unknown feature '{feature}': neither a view nor a column of '{table}'",
                    span,
                    help=did_you_mean(feature, known),
                    labels=[Label(document.key_span(home(analysis, table)), "the table")],
                )
                continue
        for column in dict.fromkeys(columns):
            if column in taken:
                yield report(
                    "MLC208",
                    f"feature column '{column}' comes twice",
                    span,
                    help="leave one out, or rename it in an SQL view",
                    labels=[
                        Label(document.value_span((*path[:-1], taken[column])), "it comes from here too")
                    ],
                )
            taken[column] = index
            if column.startswith(RESERVED):
                yield report("MLC106", f"column '{column}' starts with `{RESERVED}`, which is reserved", span)
            if kinds[column] in ("timestamp", "date", "time", "binary", "nested"):
                yield report(
                    "MLC302",
                    f"feature '{column}' is a {kinds[column]}: no estimator takes that",
                    span,
                    help="derive numbers or text from it in an SQL view, such as `hour(t)` or `dayofweek(t)`",
                )


def _of_rows(
    analysis: Analysis, table: str, name: str, view: RowView, taken: Collection[str], path: Path
) -> Iterator[Diagnostic]:
    """Yield what a function of rows wants that they do not hold; `taken` are the features named before it."""
    schema = analysis.schemas[table]
    for column in view.rows:
        if schema.complete and column not in schema.columns and column not in taken:
            near = nearest(column, [*taken, *schema.columns])
            yield report(
                "MLC301",
                f"'{name}' wants '{column}', which is no column of '{table}' and no feature named before",
                analysis.spec.document.value_span(path),
                help=f"did you mean '{near}'?" if near else "name the view that makes it before this one",
                labels=[Label(analysis.spec.document.key_span(("features", name, "rows")), "what it wants")],
            )


def _joined(
    analysis: Analysis, training: Training, name: str, view: TimedView, path: Path
) -> Iterator[Diagnostic]:
    document, table = analysis.spec.document, training.entities.table
    schema = analysis.schemas.get(table)
    if analysis.lacks_event_time(table):
        yield report(
            "MLC315",
            f"'{table}' has no event time, so '{name}' cannot be joined to it at a point in time",
            document.value_span(path),
            help=f"declare `event_time` on '{table}'",
            labels=[Label(document.key_span(home(analysis, table)), "the entities")],
        )
    for entity, column in view.keys.items():
        if schema is not None and schema.complete and entity not in schema.columns:
            yield report(
                "MLC301",
                f"'{table}' has no column '{entity}' to join '{name}' by",
                document.value_span(path),
                help=did_you_mean(entity, schema.columns)
                or "map the names: `entity: {column of the entities: column of the view}`",
                labels=[Label(document.key_span(("features", name, "entity")), "the view's entity")],
            )
        kinds = column_type(analysis, table, entity), column_type(analysis, view.table, column)
        if None not in kinds and _family(kinds[0]) != _family(kinds[1]):
            yield report(
                "MLC302",
                f"'{entity}' is {kinds[0]} in '{table}' but '{column}' is {kinds[1]} in '{view.table}'",
                document.value_span(path),
                help="join keys need one type: declare it under `columns`, or cast in an SQL view",
                labels=[Label(document.key_span(("features", name, "entity")), "the view's entity")],
            )


def _split_value(analysis: Analysis, table: str, split: ColumnSplit, path: Path) -> Iterator[Diagnostic]:
    """Yield the fault of a value that the column of a split cannot hold."""
    kind = column_type(analysis, table, split.by)
    match split.test:
        case bool():
            wanted = kind == "bool"
        case str():
            wanted = kind == "string"
        case _:
            wanted = kind is not None and is_numeric(kind)
    if kind is not None and not wanted:
        yield report(
            "MLC302",
            f"'{split.by}' is {kind}, and the test part's value {split.test!r} is not",
            analysis.spec.document.value_span(path),
            help=f"give a value of type {kind}, or make a column of text, a number or a truth value in an SQL view",
        )


def _family(kind: str | None) -> str:
    return "number" if kind and is_numeric(kind) else str(kind)


def _times_needed(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    table, place = training.entities.table, ("training", name)
    if isinstance(training.split, GroupSplit | ColumnSplit):
        yield from known_column(analysis, table, training.split.by, (*place, "split", "by"))
    if isinstance(training.split, ColumnSplit):
        yield from _split_value(analysis, table, training.split, (*place, "split", "test"))
    if not analysis.lacks_event_time(table):
        return
    if isinstance(training.split, TimeSplit):
        yield report(
            "MLC315",
            f"'{table}' has no event time to split by",
            analysis.spec.document.value_span((*place, "split")),
            help=f"declare `event_time` on '{table}', or split `random`",
        )
    if training.baselines.previous_by is not None:
        yield report(
            "MLC315",
            f"'{table}' has no event time, so there is no previous value",
            analysis.spec.document.key_span((*place, "baselines", "previous_by")),
            help=f"declare `event_time` on '{table}', or leave out `previous_by`",
        )
    if training.entities.until is not None:
        yield report(
            "MLC315",
            f"'{table}' has no event time, so `until` means nothing",
            analysis.spec.document.key_span((*place, "entities", "until")),
            help=f"declare `event_time` on '{table}', or leave out `until`",
        )
