"""Columns of tables: every one that is named exists, and is of a type that suits its use."""

from collections.abc import Iterator, Sequence

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.names import repeated
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, RowView, SqlView, TimedView
from mlopsc.spec.monitors import Monitor
from mlopsc.vocabulary.columns import from_duckdb

_INSTANTS = ("timestamp", "date")


def check_columns(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield columns of datasets, views and monitors that do not exist or do not suit their use."""
    for name, dataset in analysis.spec.entries("datasets"):
        yield from _table(analysis, name, dataset, ("datasets", name))
    for name, view in analysis.spec.entries("features"):
        if not isinstance(view, TimedView | RowView):
            yield from _table(analysis, name, view, ("features", name))
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
        labels=[Label(document.key_span(home(analysis, table)), "the table")],
    )


def home(analysis: Analysis, table: str) -> Path:
    """Return the path of a table's entry in the spec."""
    return ("datasets" if table in analysis.spec.datasets else "features", table)


def _table(
    analysis: Analysis, name: str, entry: Dataset | SqlView | PythonView, place: Path
) -> Iterator[Diagnostic]:
    key = entry.primary_key or ()
    yield from known_columns(analysis, name, key, (*place, "primary_key"))
    if entry.event_time is not None:
        yield from known_column(analysis, name, entry.event_time, (*place, "event_time"))
        yield from is_time(analysis, name, entry.event_time, (*place, "event_time"))


def known_columns(analysis: Analysis, table: str, columns: Sequence[str], path: Path) -> Iterator[Diagnostic]:
    """Yield the faults of a list of columns: those that a known schema lacks, and those that come twice."""
    yield from repeated(analysis.spec, path, columns, "column")
    for index, column in enumerate(columns):
        yield from known_column(analysis, table, column, (*path, index))


def is_time(
    analysis: Analysis, table: str, column: str, path: Path, what: str = "an event time"
) -> Iterator[Diagnostic]:
    """Yield the fault of a column that is known to hold no times."""
    kind = column_type(analysis, table, column)
    if kind is not None and kind not in _INSTANTS:
        help = "name a column of timestamps or dates"
        if kind == "string":
            help = f"if it holds times, declare `columns: {{{column}: {{type: timestamp}}}}`"
            if table not in analysis.spec.datasets:
                help = "if it holds times, cast it: `cast(… as timestamp)`"
        yield report(
            "MLC302",
            f"column '{column}' of '{table}' is {kind}, {what} is a timestamp or date",
            analysis.spec.document.value_span(path),
            help=help,
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
