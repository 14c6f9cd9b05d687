"""What columns each table has: declared, locked, or read from the file; views by binding their SQL."""

from collections.abc import Iterator, Sequence

from mlopsc.compiler.analysis import Analysis, Schema
from mlopsc.compiler.sql_text import SampledSql, sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.graph import find_cycle
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, SqlView
from mlopsc.sql import Binder, SqlFault
from mlopsc.vocabulary.columns import to_duckdb

_CODES = {"syntax": "MLC303", "binder": "MLC304", "type": "MLC304", "unsafe": "MLC304", "shape": "MLC305"}


def find_schemas(analysis: Analysis) -> Iterator[Diagnostic]:
    """Fill in `analysis.schemas`; yield what SQL views get wrong, and circles among views."""
    for name in analysis.spec.datasets:
        yield from _dataset(analysis, name)
    views = [
        name for name, view in analysis.spec.entries("features") if isinstance(view, SqlView | PythonView)
    ]
    if not views:
        return
    with Binder() as binder:
        yield from _references(analysis, binder)
        if cycle := find_cycle(analysis.tables_of_view):
            yield report(
                "MLC212",
                f"views depend on each other in a circle: {' → '.join(cycle)}",
                analysis.spec.document.key_span(("features", cycle[0])),
                help="let one of them read datasets instead",
            )
            return
        for name, schema in analysis.schemas.items():
            _declare(binder, name, schema)
        for name in analysis.tables_in_order():
            yield from _view(analysis, binder, name)


def sql_faults(
    analysis: Analysis, faults: Sequence[SqlFault], path: Path, sampled: SampledSql
) -> Iterator[Diagnostic]:
    """Yield faults of SQL at their place in the YAML."""
    for fault in faults:
        start = sampled.written(fault.offset_chars)
        end = sampled.written(fault.offset_chars + fault.length_chars)
        code = _CODES[fault.kind]
        if fault.kind == "type" and fault.message.startswith("expected a BOOLEAN"):
            code = "MLC306"
        yield report(
            code,
            fault.message,
            analysis.spec.document.scalar_span(path, start, max(end - start, 1)),
            help=f"did you mean '{fault.candidates[0]}'?" if fault.candidates else None,
        )


def _dataset(analysis: Analysis, name: str) -> Iterator[Diagnostic]:
    dataset = analysis.spec.datasets[name]
    if dataset is None:
        return
    declared = {
        column: to_duckdb(rule.type) if rule.type not in (None, "nested") else None
        for column, rule in dataset.columns.items()
    }
    found: dict[str, str | None] | None = None
    if analysis.lock and (locked := analysis.lock.datasets.get(name)):
        found = {c: to_duckdb(t) if t != "nested" else "INTEGER[]" for c, t in locked.columns.items()}
    try:
        peeked = analysis.peek(dataset.source, analysis.project)
    except MlopscError as error:
        yield report(
            "MLC603",
            str(error),
            analysis.spec.document.value_span(("datasets", name, "source", "path")),
            help=error.help,
        )
        peeked = None
    if peeked is not None:
        found = {c: to_duckdb(t) if t != "nested" else "INTEGER[]" for c, t in peeked.items()}
    if found is None:
        analysis.schemas[name] = Schema(declared, complete=False)
        if not declared:
            yield report(
                "MLC307",
                f"no schema of dataset '{name}' can be known before the run",
                analysis.spec.document.key_span(("datasets", name)),
                help="declare its `columns`, or record them with `mlopsc lock`",
            )
        return
    analysis.schemas[name] = Schema({c: declared.get(c) or t for c, t in found.items()}, complete=True)


def _references(analysis: Analysis, binder: Binder) -> Iterator[Diagnostic]:
    """Fill in which tables each view reads."""
    spec = analysis.spec
    tables = {name.lower(): name for name in [*spec.datasets, *spec.features] if analysis.is_table(name)}
    for name, view in spec.entries("features"):
        match view:
            case PythonView():
                analysis.tables_of_view[name] = tuple(t for t in view.tables if analysis.is_table(t))
            case SqlView():
                sampled = sample_sql(view.sql, spec.parameters)
                found = binder.tables_read(sampled.text)
                if isinstance(found, SqlFault):
                    analysis.tables_of_view[name] = ()
                    yield from sql_faults(analysis, [found], ("features", name, "sql"), sampled)
                else:
                    known = [tables[table.lower()] for table in found if table.lower() in tables]
                    analysis.tables_of_view[name] = tuple(dict.fromkeys(known))


def _view(analysis: Analysis, binder: Binder, name: str) -> Iterator[Diagnostic]:
    view = analysis.spec.features[name]
    if isinstance(view, PythonView):
        columns = {c: to_duckdb(t) if t != "nested" else "INTEGER[]" for c, t in view.columns.items()}
        analysis.schemas[name] = Schema(columns, complete=True)
        _declare(binder, name, analysis.schemas[name])
        return
    if not isinstance(view, SqlView):
        return
    needs = analysis.needs(name)
    if not all(table in analysis.schemas and analysis.schemas[table].bindable for table in needs):
        analysis.schemas[name] = Schema({}, complete=False)
        return
    sampled = sample_sql(view.sql, analysis.spec.parameters)
    bound = binder.bind_query(sampled.text, None)
    if isinstance(bound, list):
        analysis.schemas[name] = Schema({}, complete=False)
        yield from sql_faults(analysis, bound, ("features", name, "sql"), sampled)
        return
    analysis.schemas[name] = Schema(dict(bound.columns), complete=True, lineage=dict(bound.lineage))
    for construct in bound.order_dependent:
        yield report(
            "MLC408",
            f"view '{name}' depends on the order of rows: {construct}",
            analysis.spec.document.key_span(("features", name, "sql")),
            help="add an ORDER BY on a total order, so that each run gives the same rows",
        )
    _declare(binder, name, analysis.schemas[name])


def _declare(binder: Binder, name: str, schema: Schema) -> None:
    if schema.bindable:
        binder.add_table(name, {column: kind for column, kind in schema.columns.items() if kind is not None})
