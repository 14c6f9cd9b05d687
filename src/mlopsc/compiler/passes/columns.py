"""Columns, labels and filters: every column exists and is of a type that suits its use."""

from collections.abc import Iterable, Iterator

from mlopsc.compiler.analysis import Analysis, Schema
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, SqlView, TimedView
from mlopsc.spec.training import Training
from mlopsc.sql import Binder
from mlopsc.vocabulary.artifacts import RESERVED
from mlopsc.vocabulary.columns import from_duckdb, is_numeric
from mlopsc.vocabulary.splits import GroupSplit, TimeSplit

_CHECK_COLUMNS = ("column", "column_A", "column_B", "column_list")


def check_columns(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield columns that do not exist or do not suit their use."""
    for name, dataset in analysis.spec.entries("datasets"):
        place = ("datasets", name)
        yield from _each(analysis, name, dataset.columns, place, "columns", keys=True)
        yield from _each(analysis, name, dataset.primary_key or (), place, "primary_key")
        yield from _times(analysis, name, dataset.event_time, place)
        for index, check in enumerate(dataset.checks):
            for key in _CHECK_COLUMNS:
                value = getattr(check, key, None)
                names = [value] if isinstance(value, str) else list(value or ())
                for at, column in enumerate(names):
                    tail = (key,) if isinstance(value, str) else (key, at)
                    if check.expect != "column_to_exist":
                        yield from _known(analysis, name, column, (*place, "checks", index, *tail))
    for name, view in analysis.spec.entries("features"):
        place = ("features", name)
        match view:
            case SqlView() | PythonView():
                yield from _each(analysis, name, view.primary_key or (), place, "primary_key")
                yield from _times(analysis, name, view.event_time, place)
            case TimedView():
                yield from _timed_view(analysis, name, view)
    yield from _trainings(analysis)
    yield from _monitors(analysis)


def _known(
    analysis: Analysis, table: str, column: str, path: Path, *, key: bool = False
) -> Iterator[Diagnostic]:
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


def _each(
    analysis: Analysis, table: str, columns: Iterable[str], place: Path, key: str, *, keys: bool = False
) -> Iterator[Diagnostic]:
    for index, column in enumerate(columns):
        path = (*place, key, column if keys else index)
        yield from _known(analysis, table, column, path, key=keys)


def _times(analysis: Analysis, table: str, column: str | None, place: Path) -> Iterator[Diagnostic]:
    if column is None:
        return
    path = (*place, "event_time")
    yield from _known(analysis, table, column, path)
    kind = _type(analysis.schemas.get(table), column)
    if kind is not None and kind not in ("timestamp", "date", "string"):
        yield report(
            "MLC302",
            f"column '{column}' of '{table}' is {kind}, an event time is a timestamp",
            analysis.spec.document.value_span(path),
            help="name a timestamp or date column, or text in RFC 3339",
        )


def _type(schema: Schema | None, column: str) -> str | None:
    kind = schema.columns.get(column) if schema else None
    return from_duckdb(kind) if kind else None


def _timed_view(analysis: Analysis, name: str, view: TimedView) -> Iterator[Diagnostic]:
    place, document = ("features", name), analysis.spec.document
    if not analysis.is_table(view.table):
        return
    for index, (entity, column) in enumerate(view.keys.items()):
        path = (*place, "entity", entity if isinstance(view.entity, dict) else index)
        yield from _known(analysis, view.table, column, path)
    yield from _each(analysis, view.table, view.columns, place, "columns")
    for key in ("event_time", "created"):
        if column := getattr(view, key):
            yield from _known(analysis, view.table, column, (*place, key))
    if view.event_time is None and analysis.event_time(view.table) is None:
        yield report(
            "MLC315",
            f"'{view.table}' has no event time, so '{name}' cannot be joined at a point in time",
            document.key_span(place),
            help=f"declare `event_time` here or on '{view.table}'",
        )


def _trainings(analysis: Analysis) -> Iterator[Diagnostic]:
    with Binder() as binder:
        declared: set[str] = set()
        for name, training in analysis.spec.entries("training"):
            table = training.entities.table
            schema = analysis.schemas.get(table)
            if schema is not None and schema.bindable:
                if table not in declared:
                    binder.add_table(table, {c: t for c, t in schema.columns.items() if t})
                    declared.add(table)
                yield from _expressions(analysis, binder, name, training)
            if schema is not None:
                yield from _features(analysis, name, training, schema)
            yield from _split(analysis, name, training)


def _expressions(analysis: Analysis, binder: Binder, name: str, training: Training) -> Iterator[Diagnostic]:
    entities, place = training.entities, ("training", name, "entities")
    label = sample_sql(entities.label, analysis.spec.parameters)
    bound = binder.bind_expression(label.text, entities.table)
    if isinstance(bound, list):
        yield from sql_faults(analysis, bound, (*place, "label"), label)
    else:
        analysis.labels[name] = (
            from_duckdb(bound.type),
            frozenset(use.column for use in bound.columns),
        )
    if entities.where is not None:
        where = sample_sql(entities.where, analysis.spec.parameters)
        bound = binder.bind_where(where.text, entities.table)
        if isinstance(bound, list):
            yield from sql_faults(analysis, bound, (*place, "where"), where)


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
            kinds = {c: _type(analysis.schemas.get(view.table), c) for c in columns}
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
            columns, kinds = (feature,), {feature: _type(schema, feature)}
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
        for column in columns:
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
    schema, source = analysis.schemas.get(table), analysis.schemas.get(view.table)
    if analysis.event_time(table) is None:
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
        kinds = _type(schema, entity), _type(source, column)
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


def _split(analysis: Analysis, name: str, training: Training) -> Iterator[Diagnostic]:
    table, path = training.entities.table, ("training", name, "split")
    match training.split:
        case TimeSplit() if analysis.is_table(table) and analysis.event_time(table) is None:
            yield report(
                "MLC315",
                f"'{table}' has no event time to split by",
                analysis.spec.document.span(path),
                help=f"declare `event_time` on '{table}', or split `random`",
            )
        case GroupSplit(by=column):
            yield from _known(analysis, table, column, (*path, "by"))
        case _:
            pass


def _monitors(analysis: Analysis) -> Iterator[Diagnostic]:
    document = analysis.spec.document
    for name, monitor in analysis.spec.entries("monitors"):
        model = analysis.spec.registry.get(monitor.model)
        training = analysis.spec.training.get(model.training) if model else None
        table, place = monitor.current.table, ("monitors", name, "current")
        if (
            monitor.current.until is not None
            and analysis.is_table(table)
            and analysis.event_time(table) is None
        ):
            yield report(
                "MLC315",
                f"'{table}' has no event time, so `until` means nothing",
                document.key_span((*place, "until")),
                help=f"declare `event_time` on '{table}', or leave out `until` and `window`",
            )
        schema = analysis.schemas.get(table)
        if training is None or schema is None or not schema.complete:
            continue
        key = "dataset" if monitor.current.dataset else "view"
        for feature in training.features:
            view = analysis.spec.features.get(feature)
            needed = (
                list(view.keys)
                if isinstance(view, TimedView)
                else []
                if feature in analysis.spec.features
                else [feature]
            )
            for column in needed:
                if column not in schema.columns:
                    yield report(
                        "MLC301",
                        f"'{table}' has no column '{column}', which the features of '{monitor.model}' need",
                        document.value_span((*place, key)),
                        help="monitor a table with the columns that the model was trained on",
                    )
