"""Lowering of predictions: for each registered model, what its training does to entities, done to a file of them."""

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.auxiliary import feature_columns
from mlopsc.compiler.lower.code import model_code
from mlopsc.compiler.lower.feature_table import lower_joins, row_functions
from mlopsc.compiler.lower.parameters import used_parameters
from mlopsc.compiler.lower.segments import population
from mlopsc.compiler.lower.steps import make_step
from mlopsc.compiler.lower.tables import Tables
from mlopsc.plan.graph import in_order
from mlopsc.plan.plan import Artifact, Pipeline
from mlopsc.spec.registry import Model
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.columns import Column, from_duckdb
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.predicting import INPUT, VERSION, predict_pipeline
from mlopsc.vocabulary.sources import CsvSource, FileSource, ParquetSource


def lower_predict(analysis: Analysis, name: str, model: Model) -> Pipeline:
    """Return the pipeline that predicts with a registered model."""
    tables = Tables(analysis)
    document, origin = analysis.spec.document, ("registry", name)
    training = analysis.training(model.training)
    table = training.entities.table
    joins, inputs, read = lower_joins(tables, training)
    resolve = make_step(
        f"model_{name}",
        op.ResolveModel,
        document,
        origin,
        model=name,
        version=f"${{params.{VERSION}}}",
    )
    predict = make_step(
        f"predict_{name}",
        op.Predict,
        document,
        origin,
        inputs={
            "model": Artifact(step=resolve.name, port="model"),
            **{f"view_{view}": artifact for view, artifact in inputs.items()},
        },
        after=tables.after(read),
        policy=training.policy,
        model=name,
        training=model.training,
        source=_source(analysis, table),
        columns=_columns(analysis, table),
        timezone=analysis.dataset(table).timezone if table in analysis.spec.datasets else None,
        primary_key=analysis.primary_key(table),
        event_time=analysis.event_time(table),
        where=population(training),
        features=feature_columns(analysis, training),
        joins=joins,
        rows=row_functions(analysis, training),
        code=model_code(training),
        trust=training.trust,
        allow_hosts=analysis.spec.infrastructure.allow_hosts,
    )
    steps = in_order([*tables.steps.values(), resolve, predict])
    stages = list(model.stages)
    return Pipeline(
        name=predict_pipeline(name),
        kind="predict",
        title=f"Predict with {name}",
        steps=steps,
        parameters={
            INPUT: Parameter(type="string", description=_INPUT),
            VERSION: Parameter(type="string", default=stages[-1], description=_VERSION),
            **used_parameters(analysis, steps),
        },
    )


_INPUT = "Path of the rows to predict for, relative to the project, or a URL: CSV, Parquet or JSON lines."
_VERSION = "A stage of the model, or the number of a version."


def _source(analysis: Analysis, table: str) -> FileSource:
    """Return the source of the input: the dialect of the entities' CSV, if they are one."""
    path = f"${{params.{INPUT}}}"
    source = analysis.dataset(table).source if table in analysis.spec.datasets else None
    if isinstance(source, CsvSource):
        return source.model_copy(update={"path": path, "storage_options": {}})
    return ParquetSource(path=path)


def _columns(analysis: Analysis, table: str) -> dict[str, Column]:
    """Return the declared types of a table's columns."""
    if table in analysis.spec.datasets:
        declared = analysis.dataset(table).columns
        return {name: Column(type=one.type) for name, one in declared.items() if one.type is not None}
    known = {name: from_duckdb(kind) for name, kind in analysis.schemas[table].columns.items() if kind}
    return {name: Column(type=kind) for name, kind in known.items() if kind != "nested"}
