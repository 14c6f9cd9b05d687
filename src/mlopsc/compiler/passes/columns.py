"""Columns, labels and filters: every column exists and is of a type that suits its use."""

from collections.abc import Iterator, Sequence

from mlopsc.compiler.analysis import Analysis, Schema
from mlopsc.compiler.passes.names import repeated
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, SqlView, TimedView
from mlopsc.spec.monitors import Monitor
from mlopsc.spec.training import Training
from mlopsc.vocabulary.artifacts import RESERVED
from mlopsc.vocabulary.columns import from_duckdb, is_numeric
from mlopsc.vocabulary.splits import GroupSplit, TimeSplit

_INSTANTS = ("timestamp", "date")


def check_columns(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield columns that do not exist or do not suit their use."""
    for name, dataset in analysis.spec.entries("datasets"):
        yield from _table(analysis, name, dataset, ("datasets", name))
    for name, view in analysis.spec.entries("features"):
        if isinstance(view, TimedView):
            yield from _timed_view(analysis, name, view)
        else:
            yield from _table(analysis, name, view, ("features", name))
    for name, training in analysis.spec.entries("training"):
        table = training.entities.table
        if table in analysis.bindable:
            yield from _expressions(analysis, name, training)
        if (schema := analysis.schemas.get(table)) is not None:
            yield from _features(analysis, name, training, schema)
        yield from _times_needed(analysis, name, training)
    for name, monitor in analysis.spec.entries("monitors"):
        yield from _monitor(analysis, name, monitor)


def column_type(analysis: Analysis, table: str, column: str | None) -> str | None:
    """Return the type (ours) of a column as far as it is known."""
    schema = analysis.schemas.get(table)
    kind = schema.columns.get(column or "") if schema else None
    return from_duckdb(kind) if kind else None


def known_column(
    analysis: Analysis, table: str, column: str, path: Path, *, key: bool = False
) -> Iterator[Diagnostic]:
    """Yield the fault of a column that a known schema lacks, at a value (or with `key`, a key) of the spec."""
    schema, document = analysis.schemas.get(table), analysis.spec.document
    if schema is None or not schema.complete or column in schema.columns:
        return
    yield report(
        "MLC301",
        f"'{table}' has no column '{column}'",
        document.key_span(path) if key else document.value_span(path),
        help=did_you_mean(column, schema.columns, noun="its columns:"),
        labels=[Label(document.key_span(_home(analysis, table)), "the table")],
    )


def _home(analysis: Analysis, table: str) -> Path:
    return ("datasets" if table in analysis.spec.datasets else "features", table)


def _table(
    analysis: Analysis, name: str, entry: Dataset | SqlView | PythonView, place: Path
) -> Iterator[Diagnostic]:
    key = entry.primary_key or ()
    yield from _columns(analysis, name, key, (*place, "primary_key"))
    if entry.event_time is not None:
        yield from known_column(analysis, name, entry.event_time, (*place, "event_time"))
        yield from _is_time(analysis, name, entry.event_time, (*place, "event_time"))


def _columns(analysis: Analysis, table: str, columns: Sequence[str], path: Path) -> Iterator[Diagnostic]:
    yield from repeated(analysis.spec, path, columns, "column")
    for index, column in enumerate(columns):
        yield from known_column(analysis, table, column, (*path, index))


def _is_time(analysis: Analysis, table: str, column: str, path: Path) -> Iterator[Diagnostic]:
    kind = column_type(analysis, table, column)
    if kind is not None and kind not in _INSTANTS:
        help = "name a column of timestamps or dates"
        if kind == "string":
            help = f"if it holds times, declare `columns: {{{column}: {{type: timestamp}}}}`"
            if table not in analysis.spec.datasets:
                help = "if it holds times, cast it: `cast(… as timestamp)`"
        yield report(
            "MLC302",
            f"column '{column}' of '{table}' is {kind}, an event time is a timestamp or date",
            analysis.spec.document.value_span(path),
            help=help,
        )


def _timed_view(analysis: Analysis, name: str, view: TimedView) -> Iterator[Diagnostic]:
    place, document = ("features", name), analysis.spec.document
    if not analysis.is_table(view.table):
        return
    for index, (entity, column) in enumerate(view.keys.items()):
        path = (*place, "entity", entity if isinstance(view.entity, dict) else index)
        yield from known_column(analysis, view.table, column, path)
    yield from _columns(analysis, view.table, view.columns, (*place, "columns"))
    if view.created is not None:
        yield from known_column(analysis, view.table, view.created, (*place, "created"))
    if view.event_time is not None:
        yield from known_column(analysis, view.table, view.event_time, (*place, "event_time"))
        yield from _is_time(analysis, view.table, view.event_time, (*place, "event_time"))
    elif analysis.lacks_event_time(view.table):
        yield report(
            "MLC315",
            f"'{view.table}' has no event time, so '{name}' cannot be joined at a point in time",
            document.key_span(place),
            help=f"declare `event_time` here or on '{view.table}'",
        )


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
            columns = view.columns
            kinds = {c: column_type(analysis, view.table, c) for c in columns}
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
                    *(n for n, v in analysis.spec.entries("features") if isinstance(v, TimedView)),
                ]
                yield report(
                    "MLC202",
                    f"unknown feature '{feature}': neither a view nor a column of '{table}'",
                    span,
                    help=did_you_mean(feature, known),
                    labels=[Label(document.key_span(_home(analysis, table)), "the table")],
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
    for at, column in enumerate(training.preprocess.categorical_columns):
        if column not in taken:
            yield report(
                "MLC202",
                f"'{column}' is not a feature of '{name}'",
                document.value_span(("training", name, "preprocess", "categorical_columns", at)),
                help=did_you_mean(column, taken),
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
            labels=[Label(document.key_span(_home(analysis, table)), "the entities")],
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


def _family(kind: str | None) -> str:
    return "number" if kind and is_numeric(kind) else str(kind)


def _times_needed(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    table, place = training.entities.table, ("training", name)
    if isinstance(training.split, GroupSplit):
        yield from known_column(analysis, table, training.split.by, (*place, "split", "by"))
    if not analysis.lacks_event_time(table):
        return
    if isinstance(training.split, TimeSplit):
        yield report(
            "MLC315",
            f"'{table}' has no event time to split by",
            analysis.spec.document.value_span((*place, "split")),
            help=f"declare `event_time` on '{table}', or split `random`",
        )
    if training.entities.until is not None:
        yield report(
            "MLC315",
            f"'{table}' has no event time, so `until` means nothing",
            analysis.spec.document.key_span((*place, "entities", "until")),
            help=f"declare `event_time` on '{table}', or leave out `until`",
        )


def _monitor(analysis: Analysis, name: str, monitor: Monitor) -> Iterator[Diagnostic]:
    """Yield what the monitored table lacks of what the model's features need."""
    document = analysis.spec.document
    table, place = monitor.current.table, ("monitors", name, "current")
    span = document.value_span((*place, "dataset" if monitor.current.dataset else "view"))
    timeless = analysis.lacks_event_time(table)
    if monitor.current.until is not None and timeless:
        yield report(
            "MLC315",
            f"'{table}' has no event time, so `until` means nothing",
            document.key_span((*place, "until")),
            help=f"declare `event_time` on '{table}', or leave out `until` and `window`",
        )
    model = analysis.spec.registry.get(monitor.model)
    training = analysis.spec.training.get(model.training) if model else None
    if model is None or training is None or table == training.entities.table:
        return  # what that table lacks has been told of the training
    schema = analysis.schemas.get(table)
    needed = [feature for feature in training.features if feature not in analysis.spec.features]
    for view_name, view in analysis.timed_views(training):
        needed += view.keys
        if timeless:
            yield report(
                "MLC315",
                f"'{table}' has no event time, so '{view_name}' cannot be joined to it at a point in time",
                span,
                help=f"declare `event_time` on '{table}'",
            )
    for column in dict.fromkeys(needed):
        if schema is not None and schema.complete and column not in schema.columns:
            yield report(
                "MLC301",
                f"'{table}' has no column '{column}', which the features of '{monitor.model}' need",
                span,
                help="monitor a table with the columns that the model was trained on",
            )
    if training.entities.where is not None and table in analysis.bindable:
        where = sample_sql(training.entities.where, analysis.spec.parameters)
        bound = analysis.binder.bind_where(where.text, table)
        if isinstance(bound, list) and table not in analysis.nested:
            yield report(
                "MLC304",
                f"'{table}' does not suit the training's `where`: {bound[0].message}",
                span,
                help="monitor a table with the columns that the model was trained on",
                labels=[Label(document.value_span(("training", model.training, "entities", "where")), "it")],
            )
