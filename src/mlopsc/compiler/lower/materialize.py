"""Lowering of the pipeline that fills the online store: one step for each timed view."""

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.compiler.lower.feature_table import lower_join, row_functions
from mlopsc.compiler.lower.parameters import used_parameters
from mlopsc.compiler.lower.steps import make_step
from mlopsc.compiler.lower.tables import Tables
from mlopsc.plan.graph import in_order
from mlopsc.plan.plan import Pipeline, Step
from mlopsc.spec.features import RowView, TimedView
from mlopsc.spec.training import Training
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.aggregates import aggregates_of, ratios_of, result_type
from mlopsc.vocabulary.columns import from_duckdb
from mlopsc.vocabulary.online import MATERIALIZE, UNTIL, ServedFeature, ServedFunctions, materialize_step
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.sources import SecretHandle


def lower_materialize(analysis: Analysis) -> Pipeline | None:
    """Return the pipeline, None where there is no timed view."""
    tables = Tables(analysis)
    views = [(n, view) for n, view in analysis.spec.entries("features") if isinstance(view, TimedView)]
    if not views:
        return None
    last = [_step(tables, name, view) for name, view in views]
    steps = in_order([*tables.steps.values(), *last])
    return Pipeline(
        name=MATERIALIZE,
        kind="materialize",
        title="Bring the latest features into the online store",
        steps=steps,
        parameters={
            UNTIL: Parameter(type="timestamp", description=_UNTIL),
            **used_parameters(analysis, steps),
        },
    )


_UNTIL = "The instant as of which values are served; `now` means when the run begins."


def _step(tables: Tables, name: str, view: TimedView) -> Step:
    analysis = tables.analysis
    spec = analysis.spec
    assert spec.project is not None  # a spec without one has an error
    store = spec.infrastructure.online_store
    used = {store.secret: spec.secrets[store.secret]} if isinstance(store, SecretHandle) else {}
    artifact = tables.artifact(view.table)
    trainings = {one: training for one, training in spec.entries("training") if name in training.features}
    return make_step(
        materialize_step(name),
        op.Materialize,
        spec.document,
        ("features", name),
        inputs={"table": artifact},
        after=tables.after((view.table,)),
        project=spec.project.name,
        view=lower_join(analysis, name, view),
        until=f"${{params.{UNTIL}}}",
        online_store=store,
        secrets=used,
        types=_types(analysis, view),
        trainings={one: _served(analysis, training) for one, training in trainings.items()},
        rows={
            one: found
            for one, training in trainings.items()
            if (found := _functions(analysis, training)) is not None
        },
        engine=tables.engine,
    )


def _types(analysis: Analysis, view: TimedView) -> dict[str, str]:
    types = {mine: _type(analysis, view.table, theirs) for mine, theirs in view.keys.items()}
    types |= _made(analysis, view)
    return {name: type_ for name, type_ in types.items() if type_ is not None}


def _made(analysis: Analysis, view: TimedView) -> dict[str, str | None]:
    """Return the types of a view's features, None where they are not known before the run."""
    declared = view.aggregates or {}
    types = {name: _type(analysis, view.table, name) for name in view.columns or ()}
    for one in aggregates_of(declared):
        kind = "int64" if one.column is None else _type(analysis, view.table, one.column)
        types[one.name] = None if kind is None else result_type(one.function, kind)
    return types | dict.fromkeys((one.name for one in ratios_of(declared)), "float64")


def _served(analysis: Analysis, training: Training) -> tuple[ServedFeature, ...]:
    """Return a training's features in the order of its table."""
    features: list[ServedFeature] = []
    for name in training.features:
        view = analysis.spec.features.get(name)
        if isinstance(view, TimedView):
            types = _made(analysis, view)
            features += [ServedFeature(name=one, view=name, type=types[one]) for one in view.names]
        elif isinstance(view, RowView):
            features += [
                ServedFeature(name=one, function=name, type=kind) for one, kind in view.columns.items()
            ]
        else:
            table = training.entities.table
            features.append(ServedFeature(name=name, type=_type(analysis, table, name)))
    return tuple(features)


def _functions(analysis: Analysis, training: Training) -> ServedFunctions | None:
    """Return what makes features of a training's rows, None where nothing does."""
    functions = row_functions(analysis, training)
    if not functions:
        return None
    features, table = feature_columns(analysis, training), training.entities.table
    inputs = dict.fromkeys(name for one in functions for name in one.inputs)
    given = [name for name in inputs if name not in features]
    return ServedFunctions(
        functions=functions,
        given=tuple(ServedFeature(name=name, type=_type(analysis, table, name)) for name in given),
    )


def _type(analysis: Analysis, table: str, column: str) -> str | None:
    schema = analysis.schemas.get(table)
    known = schema.columns.get(column) if schema is not None else None
    return None if known is None else from_duckdb(known)
