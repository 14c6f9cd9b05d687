"""Features: entity rows chosen by time and population, with joined and plain columns, and the label."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe, read_batches, write_batches, write_parquet
from mlopsc.runtime.engine.statement import column, named, scan, select
from mlopsc.runtime.engine.views import make_view
from mlopsc.runtime.feature_query import (
    ENTITIES,
    POSITION,
    choose,
    join_views,
    made_features,
    open_views,
)
from mlopsc.runtime.row_functions import RowFunctions
from mlopsc.runtime.tables import numbered
from mlopsc.vocabulary.artifacts import ENTITY, GROUP, LABEL, ROW, TIME, auxiliary
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import ENTITIES as PORT
from mlopsc.vocabulary.views import join_ports


def run(config: Features, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the feature table. Rows without an event time cannot be placed in time and are left out.

    Raises StepFailed when a column is missing or user SQL is not one harmless expression.
    """
    with connect(*inputs.values(), threads=context.threads, engine=config.engine) as connection:
        columns = describe(connection, scan(inputs[PORT]))
        entities = numbered(inputs[PORT], POSITION)
        make_view(connection, ENTITIES, entities)
        choose(connection, config, columns)
        files = {view: inputs[port] for view, port in join_ports(config.joins).items()}
        table = join_views(open_views(connection, config.joins, files), columns)
        asked = {TIME: config.event_time, GROUP: config.group, ENTITY: config.entity}
        kept = [ROW, *(name for name, wanted in asked.items() if wanted)]
        aside = {auxiliary(name): column(name) for name in config.auxiliary}
        made = {name: column(name) for name in kept} | aside | made_features(config, columns)
        label = {LABEL: column(LABEL)} if config.label is not None else {}
        listed = [named(value, name) for name, value in (made | label).items()]
        query = select(*listed, source=table).order_by(column(POSITION))
        if config.rows:
            functions = RowFunctions(config.rows, context.project)
            names = [*kept, *aside, *config.features, *label]
            rows = write_batches(functions.over(read_batches(connection, query), names), outputs["table"])
        else:
            rows = write_parquet(connection, query, outputs["table"])
    print(f"{config.training}: {rows} rows, {len(config.features)} features")
