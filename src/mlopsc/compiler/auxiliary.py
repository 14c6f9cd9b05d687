"""Columns of a training's feature table: the features, and what else is kept of the entities because something asks."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.spec.document import Path
from mlopsc.spec.features import RowView, TimedView
from mlopsc.spec.training import Training
from mlopsc.sql import SqlFault
from mlopsc.vocabulary.gates import FairnessGate, SliceGate


def feature_columns(analysis: Analysis, training: Training) -> tuple[str, ...]:
    """Return the features' column names: a view stands for its columns."""
    columns: list[str] = []
    for name in training.features:
        match analysis.spec.features.get(name):
            case TimedView() as view:
                columns += view.names
            case RowView() as view:
                columns += view.columns
            case _:
                columns.append(name)
    return tuple(columns)


def auxiliary_columns(analysis: Analysis, name: str, training: Training) -> tuple[str, ...]:
    """Return the columns of the entities that are no features and that something asks for."""
    features = feature_columns(analysis, training)
    asked = (column for column, _ in asked_columns(analysis, name, training))
    return tuple(dict.fromkeys(column for column in asked if column not in features))


def asked_columns(analysis: Analysis, name: str, training: Training) -> Iterator[tuple[str, Path]]:
    """Yield each column that something beside the features asks for, with the path where it is named.

    A name means the feature of that name, else the column of the entities.
    """
    if training.sample_weight is not None:
        yield training.sample_weight, ("training", name, "sample_weight")
    place = ("training", name)
    for index, entry in enumerate(training.slices):
        path: Path = (*place, "slices", index)
        if isinstance(entry, str):
            yield entry, path
        elif entry.column is not None:
            yield entry.column, (*path, "column")
        elif entry.columns is not None:
            yield from ((column, (*path, "columns", at)) for at, column in enumerate(entry.columns))
        elif entry.sql is not None:
            yield from ((column, (*path, "sql")) for column in _columns_of(analysis, entry.sql, training))
    if training.intervals is not None and training.intervals.by is not None:
        yield training.intervals.by, (*place, "intervals", "by")
    for index, column in enumerate(training.baselines.previous_by or ()):
        yield column, (*place, "baselines", "previous_by", index)
    for gate_name, gate in analysis.gates_of(name).items():
        if isinstance(gate, FairnessGate | SliceGate):
            for index, column in enumerate(gate.by or ()):
                yield column, ("gates", gate_name, "by", index)


def _columns_of(analysis: Analysis, sql: str, training: Training) -> tuple[str, ...]:
    """Return the columns that a condition reads, spelled as the table has them; none of SQL that cannot be read."""
    table = training.entities.table
    read = analysis.binder.columns_read(sample_sql(sql, analysis.spec.parameters).text, table)
    schema = analysis.schemas.get(table)
    spelled = {
        name.lower(): name
        for name in (*(schema.columns if schema else ()), *feature_columns(analysis, training))
    }
    return () if isinstance(read, SqlFault) else tuple(spelled.get(name.lower(), name) for name in read)
