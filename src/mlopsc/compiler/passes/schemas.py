"""What columns each table has: declared, locked, or read from the file; views by binding their SQL."""

import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath

from pydantic import TypeAdapter, ValidationError

from mlopsc.compiler.analysis import NESTED, Analysis, Elsewhere, Schema
from mlopsc.compiler.sql_text import SampledSql, sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Severity
from mlopsc.diagnostics.errors import MlopscError, SpecError, UnknownRevision
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.graph import find_cycles
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, SqlView, View
from mlopsc.sql import BoundQuery, SqlFault
from mlopsc.vocabulary.columns import Column, to_duckdb
from mlopsc.vocabulary.references import referenced, substitute
from mlopsc.vocabulary.sources import Files, FileSource, ParquetSource, Source

_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)
_COLUMN = TypeAdapter(Column)
_CODES = {"syntax": "MLC303", "binder": "MLC304", "type": "MLC304", "unsafe": "MLC304", "shape": "MLC305"} | {
    "engine": "MLC509"
}


def find_schemas(analysis: Analysis) -> Iterator[Diagnostic]:
    """Fill in what is known of tables; yield what files and SQL views get wrong, and circles among views."""
    for name, dataset in analysis.spec.datasets.items():
        if dataset is not None:
            yield from _dataset(analysis, name, dataset)
        else:
            _salvage(analysis, name)
    yield from _references(analysis)
    for cycle in find_cycles(analysis.tables_of_view):
        yield report(
            "MLC212",
            f"views depend on each other in a circle: {' → '.join(cycle)}",
            analysis.spec.document.key_span(("features", cycle[0])),
            help="let one of them read datasets instead",
        )
        for name in cycle:
            analysis.tables_of_view[name] = ()
            analysis.opaque.add(name)
    for name in analysis.views_in_order():
        yield from _view(analysis, name, analysis.spec.features[name])


def sql_faults(
    analysis: Analysis, faults: Sequence[SqlFault], path: Path, sampled: SampledSql, *tables: str
) -> Iterator[Diagnostic]:
    """Yield faults of SQL over the tables at their place in the YAML."""
    unsure = any(table in analysis.nested for table in tables)
    for fault in faults:
        if unsure and fault.kind in ("binder", "type"):
            continue
        code = _CODES[fault.kind]
        if fault.kind == "type" and fault.message.startswith("expected a BOOLEAN"):
            code = "MLC306"
        yield report(
            code,
            fault.message,
            analysis.spec.document.scalar_span(
                path, *sampled.written(fault.offset_chars, fault.length_chars)
            ),
            help=f"did you mean '{fault.candidates[0]}'?" if fault.candidates else None,
        )


def _dataset(analysis: Analysis, name: str, dataset: Dataset) -> Iterator[Diagnostic]:
    declared = {column: rule.type and _duckdb(rule.type) for column, rule in dataset.columns.items()}
    locked = analysis.lock.datasets.get(name) if analysis.lock else None
    found: Mapping[str, str] | None = locked.columns if locked else None
    peeked, faults = _peeked(analysis, name, dataset, known=bool(locked or declared))
    yield from faults
    if peeked is not None:
        if locked:
            yield from _differences(analysis, name, dataset, locked.columns, peeked)
        found = peeked
    if found is not None:
        types = {column: declared.get(column) or _duckdb(kind) for column, kind in found.items()}
        _declare(analysis, name, Schema(types, complete=True))
        return
    analysis.schemas[name] = Schema(declared, complete=False)
    if not declared and not faults:
        yield report(
            "MLC307",
            f"no schema of dataset '{name}' can be known before the run",
            analysis.spec.document.key_span(("datasets", name)),
            help="declare its `columns`, or record them with `mlopsc lock`",
        )


def _salvage(analysis: Analysis, name: str) -> None:
    """Find what can be known of a faulty dataset, so that what stands on it is checked all the same."""
    raw = analysis.spec.document.value["datasets"][name]
    try:
        source = _SOURCE.validate_python(raw["source"])
        columns = {column: _COLUMN.validate_python(rule) for column, rule in raw.get("columns", {}).items()}
        dataset = Dataset(source=source, columns=columns)
    except (ValidationError, LookupError, AttributeError, TypeError):
        return
    peeked, faults = _peeked(analysis, name, dataset, known=False)
    if peeked is not None and not faults:
        _declare(
            analysis, name, Schema({column: _duckdb(kind) for column, kind in peeked.items()}, complete=True)
        )


def _peeked(
    analysis: Analysis, name: str, dataset: Dataset, *, known: bool
) -> tuple[Mapping[str, str] | None, list[Diagnostic]]:
    source = _as_run(analysis, dataset.source)
    if source is None:
        return None, []
    peek, project, zone = analysis.peek, analysis.project, dataset.timezone
    try:
        return peek(source, dataset.columns, project=project, timezone=zone), []
    except MlopscError as error:
        fault = error
    document, place = analysis.spec.document, ("datasets", name)
    span = document.value_span((*place, "source", "path"))
    if isinstance(fault, UnknownRevision):
        severity = Severity.ERROR if fault.certain else Severity.WARNING
        where = document.value_span((*place, "source", "revision"))
        return None, [report("MLC609", str(fault), where, help=fault.help, severity=severity)]
    if not _exists(source, project):
        later = known or (isinstance(source, FileSource) and source.dvc.pull)
        severity = Severity.WARNING if later else Severity.ERROR
        return None, [report("MLC603", str(fault), span, help=fault.help, severity=severity)]
    try:
        peeked = peek(source, {}, project=project, timezone=zone)
    except MlopscError:
        return None, [report("MLC607", str(fault), span, help=fault.help)]
    faults = []
    for column, rule in dataset.columns.items():
        try:
            peek(source, {column: rule}, project=project, timezone=zone)
        except MlopscError as error:
            where = document.value_span((*place, "columns", column, "type"))
            faults.append(report("MLC302", str(error), where, help=error.help))
    return peeked, faults or [report("MLC607", str(fault), span, help=fault.help)]


def _as_run(analysis: Analysis, source: Source) -> Source | None:
    """Return a source of files as a run with the parameters' defaults sees it, None when there is no telling."""
    if not isinstance(source, Files) or not referenced(source.path) <= analysis.defaults.keys():
        return None
    return source.model_copy(update={"path": substitute(source.path, analysis.defaults)})


def _exists(source: Source, project: FilePath) -> bool:
    path = str(project / getattr(source, "path", "").removeprefix("file://"))
    return FilePath(path).exists() or bool(glob.glob(path, recursive=True))  # noqa: PTH207


def _differences(
    analysis: Analysis, name: str, dataset: Dataset, locked: Mapping[str, str], peeked: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """Say where the columns are not those of the lock; a text file's types are known after reading all of it."""
    exact = isinstance(dataset.source, ParquetSource)
    words = [f"column '{column}' is gone" for column in locked if column not in peeked]
    words += [f"column '{column}' is new" for column in peeked if column not in locked]
    words += [
        f"column '{column}' was {kind}, now it is {peeked[column]}"
        for column, kind in locked.items()
        if exact and column in peeked and peeked[column] != kind
    ]
    if words:
        yield report(
            "MLC602",
            f"dataset '{name}' differs from mlops.lock: {', '.join(words)}",
            analysis.spec.document.key_span(("datasets", name)),
            help="if that is meant, record it with `mlopsc lock`",
            severity=Severity.ERROR if analysis.locked else Severity.WARNING,
        )


def _references(analysis: Analysis) -> Iterator[Diagnostic]:
    """Fill in which tables each view reads."""
    spec = analysis.spec
    names = {name.lower(): name for name in [*spec.features, *spec.datasets]}
    for name, view in spec.entries("features"):
        if isinstance(view, PythonView):
            analysis.tables_of_view[name] = tuple(t for t in view.tables if analysis.is_table(t))
        elif isinstance(view, SqlView):
            path: Path = ("features", name, "sql")
            sampled = sample_sql(view.sql, spec.parameters)
            found = analysis.binder.tables_read(sampled.text)
            if isinstance(found, SqlFault):
                yield from sql_faults(analysis, [found], path, sampled)
                analysis.opaque.add(name)
                found = ()
            read = [(table, names.get(table.lower())) for table in found]
            known = [table for _, table in read if table is not None and analysis.is_table(table)]
            analysis.tables_of_view[name] = tuple(dict.fromkeys(known))
            for written, table in read:
                if table is None or not analysis.is_table(table):
                    analysis.opaque.add(name)
                if table is None or (spec.features.get(table) is not None and not analysis.is_table(table)):
                    yield _unknown_table(analysis, path, sampled, written, known=table is not None)


def _unknown_table(
    analysis: Analysis, path: Path, sampled: SampledSql, table: str, *, known: bool
) -> Diagnostic:
    at = re.search(rf"(?<![\w.]){re.escape(table)}(?![\w(])", sampled.text)
    span = sampled.written(at.start() if at else 0, len(table) if at else len(sampled.text))
    names = [name for name in [*analysis.spec.datasets, *analysis.spec.features] if analysis.is_table(name)]
    help = did_you_mean(table, names, noun="declared:")
    if known:
        help = (
            "a view joined at a point in time makes no table: read the table that it takes its columns from"
        )
    return report(
        "MLC201",
        f"unknown dataset or view '{table}'",
        analysis.spec.document.scalar_span(path, *span),
        help=help,
    )


def _view(analysis: Analysis, name: str, view: View | None) -> Iterator[Diagnostic]:
    if isinstance(view, PythonView):
        columns = {column: _duckdb(kind) for column, kind in view.columns.items()}
        _declare(analysis, name, Schema(columns, complete=True))
    elif isinstance(view, SqlView):
        needs = analysis.needs(name)
        analysis.schemas[name] = Schema({}, complete=False)
        if name in analysis.opaque or not analysis.bindable.issuperset(needs):
            return
        sampled, path = sample_sql(view.sql, analysis.spec.parameters), ("features", name, "sql")
        bound = analysis.binder.bind_query(sampled.text, needs)
        if isinstance(bound, list):
            yield from sql_faults(analysis, bound, path, sampled, *needs)
            return
        lineage = {
            column: frozenset(base for source in sources for base in analysis.bases(*source))
            for column, sources in bound.lineage.items()
        }
        found = {column: _elsewhere(analysis, column, bound, path, sampled) for column in bound.columns}
        schema = Schema(
            bound.columns,
            complete=True,
            lineage=lineage,
            elsewhere={column: some for column, some in found.items() if some},
            beginnings=bound.beginnings,
        )
        _declare(analysis, name, schema)
        for construct in bound.order_dependent:
            yield report(
                "MLC408",
                f"view '{name}' depends on the order of rows: {construct}",
                analysis.spec.document.key_span(path),
                help="add an ORDER BY on a total order, so that each run gives the same rows",
            )


def _elsewhere(
    analysis: Analysis, column: str, bound: BoundQuery, path: Path, sampled: SampledSql
) -> frozenset[Elsewhere]:
    """Return what makes a view's column depend on other rows than those before, in its SQL or that of what it reads.

    An order by something else than time has no later rows, and rows of one time are no later ones.
    """
    found = set()
    for one in bound.other_rows.get(column, ()):
        timed = any(is_instant(analysis, *source) for source in one.order)
        if timed if one.kind == "later" else not any(is_instant(analysis, *s) for s in one.partition):
            span = analysis.spec.document.scalar_span(
                path, *sampled.written(one.offset_chars, one.length_chars)
            )
            found.add(Elsewhere(one.kind, one.words, bool(one.partition), one.reach, span))
    return frozenset(found).union(*(analysis.elsewhere(*source) for source in bound.lineage[column]))


def is_instant(analysis: Analysis, table: str, column: str) -> bool:
    """Say whether a column holds times."""
    schema = analysis.schemas.get(table)
    kind = schema.columns.get(column) if schema is not None else None
    return analysis.event_time(table) == column or str(kind).startswith(("TIMESTAMP", "DATE"))


def _declare(analysis: Analysis, name: str, schema: Schema) -> None:
    """Enter a schema; the binder gets it when it knows all types and takes the names for a table's."""
    analysis.schemas[name] = schema
    types = {column: kind for column, kind in schema.columns.items() if kind is not None}
    if not types or len(types) < len(schema.columns):
        return
    try:
        analysis.binder.add_table(name, types)
    except SpecError:  # columns that differ in case alone: SQL over the table is checked when it runs
        return
    analysis.bindable.add(name)
    if any(
        kind == NESTED or kind.endswith("]") or kind.startswith(("STRUCT", "MAP")) for kind in types.values()
    ):
        analysis.nested.add(name)


def _duckdb(kind: str) -> str:
    return NESTED if kind == "nested" else to_duckdb(kind)
