"""Lowering of a feature table: the same operation for training and for monitoring, the same joins for prediction."""

from datetime import datetime

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import auxiliary_columns, feature_columns
from mlopsc.compiler.lower.segments import population
from mlopsc.compiler.lower.steps import make_step
from mlopsc.compiler.lower.tables import Tables
from mlopsc.plan.plan import Artifact, Step
from mlopsc.spec.features import RowView, TimedView
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.aggregates import aggregates_of, ratios_of
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit
from mlopsc.vocabulary.time import Duration
from mlopsc.vocabulary.views import ENTITIES, Join, RowFunction, join_ports


def row_functions(analysis: Analysis, training: Training) -> tuple[RowFunction, ...]:
    """Return the functions that make features of a training's rows."""
    return tuple(
        RowFunction(view=name, python=view.python, inputs=view.rows, columns=view.columns, args=view.args)
        for name in training.features
        if isinstance(view := analysis.spec.features.get(name), RowView)
    )


def lower_feature_table(
    tables: Tables,
    name: str,
    training: Training,
    table: str,
    origin: tuple[str, ...],
    *,
    labelled: bool,
    until: datetime | ParameterReference | None,
    window: Duration | None = None,
    policy: Policy | None = None,
) -> Step:
    """Return the step that makes a training's features for the rows of `table`."""
    analysis = tables.analysis
    entities = tables.artifact(table)
    joins, inputs, read = lower_joins(tables, training)
    split = training.split
    return make_step(
        f"features_{name}",
        op.Features,
        analysis.spec.document,
        origin,
        inputs={ENTITIES: entities, **{port: inputs[view] for view, port in join_ports(joins).items()}},
        after=tables.after(tuple(dict.fromkeys([table, *read]))),
        policy=policy or training.policy,
        training=name,
        primary_key=analysis.primary_key(table),
        event_time=analysis.event_time(table),
        where=population(training),
        until=until,
        window=window,
        label=training.entities.label if labelled else None,
        group=split.by if labelled and isinstance(split, GroupSplit | ColumnSplit) else None,
        entity=analysis.repeated_keys(training) if labelled else (),
        auxiliary=auxiliary_columns(analysis, name, training) if labelled else (),
        features=feature_columns(analysis, training),
        joins=joins,
        rows=row_functions(analysis, training),
        engine=tables.engine,
    )


def lower_joins(
    tables: Tables, training: Training
) -> tuple[tuple[Join, ...], dict[str, Artifact], tuple[str, ...]]:
    """Return a training's joins, the artifact that each view is joined from, and the tables behind those."""
    analysis, joins = tables.analysis, []
    inputs: dict[str, Artifact] = {}
    read: dict[str, None] = {}
    for name, view in analysis.timed_views(training):
        inputs[name] = tables.artifact(view.table)
        read[view.table] = None
        joins.append(lower_join(analysis, name, view))
    return tuple(joins), inputs, tuple(read)


def lower_join(analysis: Analysis, name: str, view: TimedView) -> Join:
    """Return how a view is joined."""
    time = view.event_time or analysis.event_time(view.table)
    assert time is not None  # the columns pass has refused a view without
    return Join(
        view=name,
        entity=view.keys,
        feature_time=time,
        ttl=view.ttl,
        created=view.created,
        tie_break=view.tie_break or (),
        known_at=view.known_at,
        available_after=view.available_after,
        where=view.where,
        columns=view.columns or (),
        aggregates=tuple(aggregates_of(view.aggregates or {})),
        ratios=tuple(ratios_of(view.aggregates or {})),
    )
