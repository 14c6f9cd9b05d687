"""What a spec asks of its engine: SQL that Spark cannot compute as DuckDB does is an error at its place."""

from collections.abc import Iterator

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.spec.document import Path
from mlopsc.spec.features import SqlView
from mlopsc.vocabulary.engine import SparkEngine


def check_engine(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield the parts of SQL views and of checks' queries that are beyond the engine."""
    if not isinstance(analysis.spec.infrastructure.engine, SparkEngine):
        return
    for name, view in analysis.spec.entries("features"):
        if isinstance(view, SqlView) and name in analysis.bindable:
            yield from _beyond(analysis, view.sql, ("features", name, "sql"))
    for name, dataset in analysis.spec.entries("datasets"):
        for index, check in enumerate(dataset.checks):
            if isinstance(query := getattr(check, "unexpected_rows_query", None), str):
                place: Path = ("datasets", name, "checks", index, "unexpected_rows_query")
                yield from _beyond(analysis, query, place, batch=name)


def _beyond(analysis: Analysis, sql: str, path: Path, *, batch: str | None = None) -> Iterator[Diagnostic]:
    sampled = sample_sql(sql, analysis.spec.parameters, batch=batch)
    faults = [fault for fault in analysis.binder.beyond_spark(sampled.text) if fault.kind == "engine"]
    yield from sql_faults(analysis, faults, path, sampled)
